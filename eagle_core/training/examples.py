"""What the language model is trained to answer: real prompts about training images, with their true answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from eagle_core.data.questions import questions_for
from eagle_core.data.scene import SceneRecord
from eagle_core.guidance.explanation import explanation_of, explanation_prompt
from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.records import Box, Prompt
from eagle_core.training.scenes.canvas import COLOR_WORDS, SIDE
from eagle_core.training.tokenizer import OBJECT_NAMES

PLACEHOLDER = Image.new("RGB", (1, 1))
"""Stands for every image: the language model is trained on cached visual features."""
YES_NO_SHARE, EXPLANATION_SHARE = 0.55, 0.12
STANDARD_LETTERS = 0.75
"""Share of yes/no questions asked exactly as EAGLE asks them (A. Yes. B. No.)."""
MISPLACED_BOX = 0.1


@dataclass(frozen=True, slots=True)
class Variant:
    """Which images and cues a prompt shows."""

    template: bool
    prior: bool
    boxes: bool


VARIANTS: tuple[tuple[Variant, float], ...] = (
    (Variant(template=False, prior=False, boxes=False), 0.1),
    (Variant(template=True, prior=False, boxes=False), 0.45),
    (Variant(template=True, prior=True, boxes=False), 0.1),
    (Variant(template=True, prior=True, boxes=True), 0.3),
    (Variant(template=True, prior=False, boxes=True), 0.05),
)
"""(variant, share of the training batches)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt with its answer. ``images`` names the cached features in the prompt's order."""

    category: int
    defective: bool
    images: tuple[str, ...]
    prompt: Prompt
    answer: str


def draw_variant(rng: np.random.Generator) -> Variant:
    """A variant by its share."""
    shares = np.array([share for _, share in VARIANTS])
    return VARIANTS[int(rng.choice(len(VARIANTS), p=shares / shares.sum()))][0]


def draw_example(
    scenes: tuple[tuple[SceneRecord, SceneRecord], ...],
    variant: Variant,
    prior_reliability: float,
    rng: np.random.Generator,
) -> Example:
    """One example about a random category's normal or defective image.

    Args:
        scenes: (normal, defective) of each category.
        variant: What the prompt shows.
        prior_reliability: Probability that the expert's verdict is right. Boxes follow the verdict, as EAGLE's do.
        rng: Draws everything.
    """
    category = int(rng.integers(len(scenes)))
    defective = bool(rng.random() < 0.5)
    scene = scenes[category][int(defective)]
    verdict = defective if rng.random() < prior_reliability else not defective
    name = "defective" if defective else "normal"
    boxed = variant.boxes and (verdict or not variant.prior)
    cues, images = shown_with(name, template=variant.template, verdict=verdict if variant.prior else None, boxed=boxed)
    draw = rng.random()
    if draw < EXPLANATION_SHARE:
        return Example(category, defective, images, explanation_prompt(PLACEHOLDER, **cues), explanation_of(scene))
    asked = questions_for(scene, OBJECT_NAMES, tuple(COLOR_WORDS), rng)
    question = asked[0] if draw < EXPLANATION_SHARE + YES_NO_SHARE else asked[int(rng.integers(1, len(asked)))]
    letter = question.correct_letter or ""
    if question.question_type == "anomaly_detection" and rng.random() < STANDARD_LETTERS:
        question, letter = DEFECT_QUESTION, "A" if defective else "B"
    return Example(category, defective, images, build_prompt(question, PLACEHOLDER, **cues), letter)


def shown_with(name: str, *, template: bool, verdict: bool | None, boxed: bool) -> tuple[Any, tuple[str, ...]]:
    """What a prompt about the image ``name`` is built with, and the names of its images in the prompt's order."""
    cues = {
        "templates": [PLACEHOLDER] if template else [],
        "predicted_anomalous": verdict,
        "boxed_query": PLACEHOLDER if boxed else None,
    }
    return cues, (*(["template"] if template else []), name, *([f"{name}_boxed"] if boxed else []))


def expert_box(scene: SceneRecord, rng: np.random.Generator) -> Box:
    """The box an expert would draw: around the defect, loosely; one in ten, and on normal images, elsewhere."""
    if scene.defect is not None and rng.random() >= MISPLACED_BOX:
        x0, y0, x1, y1 = scene.defect.box
        grow = rng.integers(2, 14, 4)
        corners = (max(0, x0 - grow[0]), max(0, y0 - grow[1]), min(SIDE, x1 + grow[2]), min(SIDE, y1 + grow[3]))
    else:
        width, height = (int(x) for x in rng.integers(20, 80, 2))
        x, y = int(rng.integers(0, SIDE - width)), int(rng.integers(0, SIDE - height))
        corners = (x, y, x + width, y + height)
    left, top, right, bottom = (int(c) for c in corners)
    return Box(left, top, right, bottom, score=1.0)
