"""What a training prompt shows: images, the expert's verdict, its boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from eagle_core.records import Box
from eagle_core.training.scenes.canvas import SIDE

PLACEHOLDER = Image.new("RGB", (1, 1))
"""Stands for every image: the language model is trained on cached visual features."""
STANDARD_LETTERS = 0.75
"""Share of yes/no questions asked exactly as EAGLE asks them (A. Yes. B. No.); of the others Yes comes first in as many."""
MISPLACED_BOX = 0.1


@dataclass(frozen=True, slots=True)
class Variant:
    """Which images and cues a prompt shows."""

    template: bool
    prior: bool
    boxes: bool


TOLD = Variant(template=True, prior=True, boxes=True)
"""As EAGLE asks."""
VARIANTS: tuple[tuple[Variant, float], ...] = (
    (Variant(template=False, prior=False, boxes=False), 0.15),
    (Variant(template=True, prior=False, boxes=False), 0.5),
    (Variant(template=True, prior=True, boxes=False), 0.1),
    (TOLD, 0.2),
    (Variant(template=True, prior=False, boxes=True), 0.05),
    (Variant(template=False, prior=True, boxes=True), 0.05),
)
"""(variant, relative share of the training batches): a prior that is mostly right spares looking, so that two in three have none."""


def draw_variant(rng: np.random.Generator) -> Variant:
    """A variant by its share."""
    shares = np.array([share for _, share in VARIANTS])
    return VARIANTS[int(rng.choice(len(VARIANTS), p=shares / shares.sum()))][0]


def shown_with(name: str, *, template: bool, verdict: bool | None, boxed: bool) -> tuple[Any, tuple[str, ...]]:
    """What a prompt about the image ``name`` is built with, and the names of its images in the prompt's order."""
    cues = {
        "templates": [PLACEHOLDER] if template else [],
        "predicted_anomalous": verdict,
        "boxed_query": PLACEHOLDER if boxed else None,
    }
    return cues, (*(["template"] if template else []), name, *([f"{name}_boxed"] if boxed else []))


def expert_box(defect: tuple[int, int, int, int], rng: np.random.Generator) -> Box:
    """The box an expert would draw: loosely around ``defect`` (half-open x0, y0, x1, y1 in pixels); one in ten as large, elsewhere.

    A normal image gets one where its category's defective image has its defect: neither size nor place of a box
    tells whether there is a defect.
    """
    x0, y0, x1, y1 = defect
    grow = rng.integers(2, 14, 4)
    left, top, right, bottom = (
        int(edge) for edge in (max(0, x0 - grow[0]), max(0, y0 - grow[1]), min(SIDE, x1 + grow[2]), min(SIDE, y1 + grow[3]))
    )
    if rng.random() < MISPLACED_BOX:
        width, height = right - left, bottom - top
        left, top = int(rng.integers(SIDE - width + 1)), int(rng.integers(SIDE - height + 1))
        right, bottom = left + width, top + height
    return Box(left, top, right, bottom, score=1.0)
