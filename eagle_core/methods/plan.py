"""What a method decides to ask an MLLM about one image."""

from __future__ import annotations

from dataclasses import dataclass

from eagle_core.records import AttentionGuidance, Guidance, Prompt


@dataclass(frozen=True, slots=True)
class Plan:
    """One question, ready to be asked."""

    prompt: Prompt
    guidance: Guidance | None
    """None: no expert takes part."""
    attention: AttentionGuidance
    """Effective strengths: zero where attention is left alone."""
    template_ids: tuple[str, ...] = ()
    """Ids of the prompt's template images, in order."""
