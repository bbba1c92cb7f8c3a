"""Which questions are asked about an image: of MMAD's seven types, in the configured form, the same on every run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eagle_core.config import QuestionsConfig
from eagle_core.data.questions import questions_for
from eagle_core.data.scene import SceneRecord
from eagle_core.records import Question

TRUE_FALSE = (("A", "True."), ("B", "False."))


def of_generated(
    scenes: Mapping[str, SceneRecord], every_scene: Sequence[SceneRecord], config: QuestionsConfig, seed: int
) -> dict[str, tuple[Question, ...]]:
    """Questions about generated images, by image_id.

    Args:
        scenes: What the images of a category show.
        every_scene: Of all categories: wrong objects and colours come from them.
        config: Types and form; the yes/no question is not made here.
        seed: Of wrong options and letters; an image's questions do not depend on the others'.
    """
    names = sorted({scene.object_name for scene in every_scene})
    colors = sorted({scene.color for scene in every_scene})
    return {
        image: tuple(
            in_form(question, config.form, seed, image)
            for question in questions_for(scene, names, colors, _rng(seed, image, "questions"))
            if question.question_type in config.types and question.question_type != "anomaly_detection"
        )
        for image, scene in scenes.items()
    }


def in_form(question: Question, form: str, seed: int, image: str) -> Question:
    """The question as it is, or as a statement about one of its options that is true half of the time."""
    if form == "multiple_choice" or len(question.options) < 3 or question.correct_letter is None:
        return question
    rng = _rng(seed, image, question.question_id)
    wrong = [text for letter, text in question.options if letter != question.correct_letter]
    right = dict(question.options)[question.correct_letter]
    true = bool(rng.random() < 0.5)
    stated = right if true else wrong[int(rng.integers(len(wrong)))]
    return replace(
        question,
        text=f"{question.text} Proposed answer: {stated} Is the proposed answer true?",
        options=TRUE_FALSE,
        correct_letter="A" if true else "B",
    )


def _rng(seed: int, *names: str) -> np.random.Generator:
    digest = hashlib.sha256("\n".join([str(seed), *names]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
