"""Asking for one sentence about the defect (kind, place, severity), and reading such a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from eagle_core.data.scene import DEFECT_KINDS, SceneRecord
from eagle_core.guidance.prompt import build_prompt
from eagle_core.records import Prompt, Question, TextPart

REQUEST = "Describe the defect in one sentence: its severity, its kind and its place. "
SYSTEM = (
    "You are my industrial image inspection assistant. Based on the input images and the accompanying textual "
    "information, describe what you see."
)
NO_DEFECT = "There is no defect in the object."
PATTERN = re.compile(r"There is a (\w+) ([\w ]+?) in the ([\w ]+?)\.")
_QUESTION = Question("explanation", "defect_description", REQUEST.strip(), ())


@dataclass(frozen=True, slots=True)
class ParsedExplanation:
    """What a sentence claims. Fields that it does not name in our words are None."""

    says_defect: bool | None
    severity: str | None = None
    kind: str | None = None
    place: str | None = None


def explanation_prompt(
    query: Image.Image,
    *,
    templates: Sequence[Image.Image] = (),
    predicted_anomalous: bool | None = None,
    boxed_query: Image.Image | None = None,
) -> Prompt:
    """The same images and prior as for the question, then the request for a sentence."""
    asked = build_prompt(
        _QUESTION, query, templates=templates, predicted_anomalous=predicted_anomalous, boxed_query=boxed_query
    )
    kept = [part for part in asked.parts if not (isinstance(part, TextPart) and part.role in ("instruction", "question"))]
    return replace(asked, system=SYSTEM, parts=(*kept, TextPart("question", REQUEST)))


def explanation_of(scene: SceneRecord) -> str:
    """The true sentence about a generated image."""
    if scene.defect is None:
        return NO_DEFECT
    return f"There is a {scene.defect.severity} {scene.defect.kind} in the {scene.defect.place}."


def parse_explanation(text: str) -> ParsedExplanation:
    """Read a sentence; an unknown form claims nothing (``says_defect`` None)."""
    if text.strip().startswith(NO_DEFECT[:-1]):
        return ParsedExplanation(False)
    found = PATTERN.search(text)
    if not found:
        return ParsedExplanation(None)
    severity, kind, place = found.groups()
    return ParsedExplanation(True, severity, kind if kind in DEFECT_KINDS else None, place)
