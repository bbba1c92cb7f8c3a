"""The MLLM alone: the query beside its most similar normal image, no expert (MMAD's 1-shot+)."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.methods.plan import Plan
from eagle_core.records import AttentionGuidance, Question


def plan(
    query: Image.Image,
    templates: Sequence[Image.Image],
    *,
    template_ids: Sequence[str] = (),
    question: Question = DEFECT_QUESTION,
) -> Plan:
    """Ask ``question`` about ``query``; attention is left alone."""
    prompt = build_prompt(question, query, templates=templates)
    return Plan(prompt, guidance=None, attention=AttentionGuidance(), template_ids=tuple(template_ids))
