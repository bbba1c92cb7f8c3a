"""Questions made from a scene: every type, one right option, letters spread."""

from __future__ import annotations

from collections import Counter

import numpy as np

from eagle_core.data.questions import questions_for
from eagle_core.data.scene import DEFECT_KINDS, DefectRecord, SceneRecord

NAMES = ("ring", "nut", "mesh", "plate", "oval disc")
COLORS = ("grey", "red", "green", "blue", "pink")
DEFECT = DefectRecord("scratch", "top left", "severe", 0.9, (0, 0, 5, 5))


def scene(defect: DefectRecord | None) -> SceneRecord:
    return SceneRecord("c", "ring", "object", "grey", defect)


def test_types_and_right_answers() -> None:
    questions = questions_for(scene(DEFECT), NAMES, COLORS, np.random.default_rng(0))
    right = {q.question_type: dict(q.options)[q.correct_letter or ""] for q in questions}
    facts = DEFECT_KINDS["scratch"]
    assert right == {
        "anomaly_detection": "Yes.",
        "object_classification": "Ring.",
        "object_analysis": "Grey.",
        "defect_classification": "Scratch.",
        "defect_localization": "Top left.",
        "defect_description": f"{facts.appearance[0].upper()}{facts.appearance[1:]}.",
        "defect_analysis": f"{facts.effect[0].upper()}{facts.effect[1:]}.",
    }
    assert all(len({text for _, text in q.options}) == len(q.options) for q in questions)


def test_a_normal_image_is_asked_nothing_about_a_defect() -> None:
    questions = questions_for(scene(None), NAMES, COLORS, np.random.default_rng(0))
    assert [q.question_type for q in questions] == ["anomaly_detection", "object_classification", "object_analysis"]
    assert dict(questions[0].options)[questions[0].correct_letter or ""] == "No."


def test_letters_are_spread() -> None:
    letters: Counter[str] = Counter()
    for seed in range(400):
        for question in questions_for(scene(DEFECT), NAMES, COLORS, np.random.default_rng(seed))[1:]:
            letters[question.correct_letter or ""] += 1
    assert set(letters) == set("ABCD")
    assert all(abs(count / letters.total() - 0.25) < 0.04 for count in letters.values())
