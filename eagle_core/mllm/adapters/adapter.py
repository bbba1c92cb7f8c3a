"""What differs between model families, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eagle_core.mllm.adapters.grids import Grid


@dataclass(frozen=True, slots=True)
class Adapter:
    """One family of transformers' image-text-to-text classes."""

    family: str
    """The family's own name."""
    model_type: str
    """``model_type`` in the checkpoint's config.json."""
    system_role: bool = True
    """False: the chat template has no system role, and the system text precedes the user's text."""
    several_images: Literal["trained", "accepted"] = "trained"
    """accepted: the class takes several images although its checkpoints were trained on one; they are passed as
    they are, in order, which is how the paper's three-image prompt reaches LLaVA-1.5."""
    images_first: bool = False
    """True: the chat template writes all images before all text. Images are then written into the text, each at its
    place, so that "Query image:" stands before the image that it names."""
    marks: tuple[str, ...] = ()
    """Marks of the chat template that are no tokens of their own, and must not stand in a prompt's text either."""
    grid: Grid | None = None
    """Where an image's visual tokens lie on it; None: not known, so no attention ratio."""
    remembers_images: bool = False
    """True: an image's visual features are one tensor that depends on the image alone, so they are computed once and
    kept (``image_features``)."""
    shares_prefix: bool = True
    """False: questions about the same images are prefilled one by one, because the class cannot continue a cache
    by several tokens."""
    tower: str = ""
    """Module that makes a vision tower of ours known to transformers' classes; imported before a model of the family is loaded."""
    version: int = 1
    """Raised when what Eagle makes of a prompt for this family changes: part of every answer's key."""
