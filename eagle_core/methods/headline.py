"""Whose word counts for one image, and whether any does: defective, normal, disputed, or not judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eagle_core.guidance.dispute import dispute
from eagle_core.records import Threshold

Word = Literal["defective", "normal", "disputed", "not judged"]
EXPERT = "expert"


@dataclass(frozen=True, slots=True)
class Headline:
    """What stands above everything else that is known of an image."""

    word: Word
    decided_by: str
    """``expert`` or the MLLM's name; ``nobody`` where nothing was decided."""
    reason: str | None = None
    """Why it is disputed or not judged."""


def headline(
    score: float, threshold: Threshold, *, mllm: str | None, mllm_says_defective: bool | None, unlike: str | None = None
) -> Headline:
    """Decide.

    Args:
        score: The expert's; ``score >= tau`` is its verdict.
        threshold: Of the category.
        mllm: Name of a real MLLM that was asked; None: none was, or a stand-in, whose word never counts.
        mllm_says_defective: Its verdict; None: it gave none, and the expert decides.
        unlike: Why the image is none that can be judged; None: it can.
    """
    if unlike is not None:
        return Headline("not judged", "nobody", unlike)
    if mllm is None or mllm_says_defective is None:
        return Headline("defective" if score >= threshold.tau else "normal", EXPERT)
    against = dispute(mllm_says_defective, score, threshold)
    if against is not None:
        return Headline("disputed", "nobody", against)
    return Headline("defective" if mllm_says_defective else "normal", mllm)
