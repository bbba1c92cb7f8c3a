"""Which questions are asked about an image: of MMAD's seven types, in the configured form, the same on every run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eagle_core.config import QuestionsConfig
from eagle_core.data.questions import questions_for
from eagle_core.data.scene import SceneRecord
from eagle_core.records import NO_DEFECT_STATEMENT, Question

TRUE_FALSE = (("A", "True."), ("B", "False."))


def of_generated(
    scenes: Mapping[str, SceneRecord], every_scene: Sequence[SceneRecord], config: QuestionsConfig, seed: int
) -> dict[str, tuple[Question, ...]]:
    """Questions about generated images, by image_id.

    Args:
        scenes: What the images of a category show.
        every_scene: Of all categories: wrong objects and colours come from them.
        config: Types and form; the yes/no question is not made here.
        seed: Of wrong options and letters; of the other images, an image's questions depend on the kinds of their defects alone.
    """
    kinds = sorted({scene.defect.kind for scene in scenes.values() if scene.defect})
    names = sorted({scene.object_name for scene in every_scene})
    colors = sorted({scene.color for scene in every_scene})
    return {
        image: tuple(
            in_form(question, config.form, seed, image)
            for question in questions_for(scene, names, colors, _rng(seed, image, "questions"), plausible=kinds)
            if question.question_type in config.types and question.question_type != "anomaly_detection"
        )
        for image, scene in scenes.items()
    }


def in_form(question: Question, form: str, seed: int, image: str) -> Question:
    """The question in a form of ``QuestionsConfig.form`` (Echo: section 4.3).

    ``true_false``: whether there is a defect becomes the statement that there is none; a question
    of three or more options becomes a statement about one of them that is true half of the time; one of two options
    stays. ``open``: the same question without its options.
    """
    if form == "open":
        return replace(question, is_open=True)
    if form == "multiple_choice":
        return question
    if question.question_type == "anomaly_detection":
        return _no_defect_stated(question)
    return _option_stated(question, _rng(seed, image, question.question_id))


def _no_defect_stated(question: Question) -> Question:
    right = {letter: text.strip(". ").casefold() for letter, text in question.options}.get(question.correct_letter or "")
    return replace(
        question,
        text=f"{NO_DEFECT_STATEMENT} Is this statement true?",
        options=TRUE_FALSE,
        correct_letter=None if right is None else "B" if right == "yes" else "A",
    )


def _option_stated(question: Question, rng: np.random.Generator) -> Question:
    if question.correct_letter is None or len(question.options) < 3:
        return question
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
