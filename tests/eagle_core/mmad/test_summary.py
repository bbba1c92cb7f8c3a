"""Accuracy by question type as a run's summary shows it, worked out by hand."""

from __future__ import annotations

import pytest

from eagle_core.mmad.summary import question_rows
from eagle_core.record_table import Record, to_frame

HALF = (("A", -0.7), ("B", -0.7))
QUARTER = tuple((letter, -1.4) for letter in "ABCD")


def record(image, kind, given, right, options, defective=True, method="mllm"):
    return Record(
        dataset="d", category="c", image_id=image, split="test", is_defective=defective, question_id=kind,
        question_type=kind, method=method, status="answered" if given else "unparsed", mllm="m",
        answer_letter=given, correct_letter=right, option_log_probabilities=options,
    )  # fmt: skip


ROWS = [
    record("good/1", "anomaly_detection", "B", "B", HALF, defective=False),
    record("good/2", "anomaly_detection", "A", "B", HALF, defective=False),
    record("bad/1", "anomaly_detection", "A", "A", HALF),
    record("bad/1", "defect_localization", "D", "C", QUARTER),
    record("bad/2", "defect_localization", "C", "C", QUARTER),
    record("bad/3", "defect_localization", None, "C", QUARTER),
]


def values(rows):
    table = question_rows(to_frame(rows), samples=50, confidence=0.95, seed=0)
    return {row.metric: row for row in table.itertuples()}


def test_by_hand():
    """Detection (1/2 + 1/1) / 2; localization 1 of 3, the unparsed one wrong; average of both."""
    found = values(ROWS)
    assert found["question_accuracy_anomaly_detection"].value == pytest.approx(0.75)
    assert found["question_accuracy_defect_localization"].value == pytest.approx(1 / 3)
    assert found["question_accuracy_average"].value == pytest.approx((0.75 + 1 / 3) / 2)
    assert found["question_chance_anomaly_detection"].value == 0.5
    assert found["question_chance_defect_localization"].value == 0.25
    assert found["question_chance_average"].value == (0.5 + 0.25) / 2
    assert found["question_accuracy_defect_localization"].n == 3
    assert found["question_accuracy_defect_localization"].n_unparsed == 1


def test_a_folder_named_good_does_not_decide_what_is_normal():
    swapped = [record("good/9", "anomaly_detection", "A", "A", HALF), *ROWS[3:]]
    assert values(swapped)["question_accuracy_anomaly_detection"].value == 1.0


def test_where_only_the_yes_no_question_was_asked_there_is_nothing_to_add():
    assert not values(ROWS[:3])
