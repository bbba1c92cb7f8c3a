"""Experiments' tables against arithmetic by hand, on a handful of records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from eagle_core.config import EagleConfig
from eagle_core.experiments.tables.answered import Answered
from eagle_core.experiments.tables.attention_ratios import SeenImage, compared_ratios
from eagle_core.experiments.tables.calibration import calibration
from eagle_core.experiments.tables.gate_effect import gate_effect
from eagle_core.experiments.tables.option_dynamics import dynamics_rows
from eagle_core.experiments.tables.prior_following import prior_following
from eagle_core.experiments.tables.question_types import answer_counts, question_counts
from eagle_core.experiments.tables.template_gain import template_gain
from eagle_core.experiments.tables.threshold_rates import threshold_rates
from eagle_core.experiments.tables.visual_mass import mass_rows
from eagle_core.mllm.visual_mass import LayerMass


def config(**values: Any) -> EagleConfig:
    return EagleConfig.model_validate({"datasets": {"d": {"root": "x"}}, **values})


def group(method: str, records: dict[str, list[Any]], mllm: str = "embedded", **values: Any) -> Answered:
    table = pd.DataFrame(records)
    for name in ("verdict_defective", "is_defective", "gate_open", "expert_verdict"):
        if name in table:
            table[name] = table[name].astype("boolean")
    return Answered("p", config(**values), "d", mllm, method, table)


def test_threshold_rates_count_false_alarms_and_found_defects() -> None:
    # Three normal images, one alarm; two defective ones, both found; one unlabelled, which does not count.
    records = {
        "is_defective": [False, False, False, True, True, None],
        "verdict_defective": [False, True, False, True, True, True],
    }
    [row] = threshold_rates([group("expert", records, mllm="none", threshold={"method": "quantile", "false_alarm_rate": 0.05}),
                             group("eagle", records)]).to_dict("records")  # fmt: skip
    assert (row["target"], row["achieved"], row["false_alarms"], row["normal_images"]) == (0.05, 1 / 3, 1, 3)
    assert (row["found"], row["defective_images"]) == (1.0, 2)
    assert 0 < row["low"] < 1 / 3 < row["high"] < 1


def test_prior_following_looks_at_what_was_told() -> None:
    # The expert is wrong about the second and the third image; the answer follows it on the second only.
    records = {
        "expert_verdict": [True, False, True, False],
        "is_defective": [True, True, False, False],
        "verdict_defective": [True, False, False, False],
    }
    [row] = prior_following([group("eagle_no_caas", records), group("mllm", records)]).to_dict("records")
    assert (row["images"], row["told_right"], row["followed"], row["followed_wrong"]) == (4, 0.5, 0.75, 0.5)
    assert row["method"] == "eagle_no_caas" and 0 < row["prior_reliability"] < 1


def asked_of(verdicts: list[bool], p_defect: list[float], shots: int) -> Answered:
    """Six test images of one category, the last three defective."""
    count = len(verdicts)
    records = {
        "run_id": ["r"] * count, "dataset": ["d"] * count, "mllm": ["embedded"] * count, "method": ["mllm"] * count,
        "category": ["c"] * count, "image_id": [str(i) for i in range(count)], "question_id": ["q"] * count,
        "question_type": ["anomaly_detection"] * count, "split": ["test"] * count, "status": ["answered"] * count,
        "is_defective": [i >= count // 2 for i in range(count)], "verdict_defective": verdicts, "p_defect": p_defect,
        "expert_score": [None] * count, "expert_verdict": [None] * count,
    }  # fmt: skip
    return group("mllm", records, retrieval={"shots": shots}, evaluation={"bootstrap_samples": 100})


def test_the_gain_by_a_template_is_that_of_the_same_images() -> None:
    # Alone one defect of three is found, beside the template all, and one normal image is suspected.
    alone = asked_of([False, False, False, True, False, False], [0.1] * 6, 0)
    beside = asked_of([True, False, False, True, True, True], [0.1] * 6, 1)
    gains = template_gain([alone, beside])
    assert set(gains["templates"]) == {1} and set(gains["method"]) == {"mllm"}
    values = gains.set_index("metric")["difference"]
    assert values["recall_macro"] == pytest.approx(2 / 3)
    assert values["balanced_accuracy_macro"] == pytest.approx((2 / 3 + 1) / 2 - (1 + 1 / 3) / 2)
    assert template_gain([alone]).empty and template_gain([beside]).empty


def test_calibration_is_counted_bin_by_bin() -> None:
    said = [0.05, 0.15, 0.95, 0.95, 0.85, 0.15]
    [row] = calibration([asked_of([False] * 6, said, 1)]).to_dict("records")
    # Bins 0.0, 0.1, 0.8, 0.9: (1 image, none defective), (2, one), (1, one), (2, one).
    gaps = (0.05 - 0) * 1 + abs(0.15 - 0.5) * 2 + abs(0.85 - 1) * 1 + abs(0.95 - 0.5) * 2
    assert row["calibration_error"] == pytest.approx(gaps / 6, abs=1e-6)
    assert (row["images"], row["share_defective"]) == (6, 0.5) and row["mean_p_defect"] == pytest.approx(np.mean(said))
    # Of the nine pairs (normal, defective): 0.05 below all; 0.15 below two, equal to one; 0.95 equal to one and above two.
    assert row["auroc_pooled"] == pytest.approx((3 + 2.5 + 0.5) / 9)


def test_gate_effect_compares_only_where_the_gate_was_open() -> None:
    keys = {"category": ["c"] * 3, "image_id": ["1", "2", "3"], "question_id": ["q"] * 3, "question_type": ["anomaly_detection"] * 3}
    with_caas = keys | {"gate_open": [True, True, False], "is_defective": [True, False, True],
                        "verdict_defective": [True, True, True], "p_defect": [0.7, 0.6, 0.9]}  # fmt: skip
    without = keys | {"gate_open": [False] * 3, "is_defective": [True, False, True],
                      "verdict_defective": [False, False, False], "p_defect": [0.4, 0.4, 0.1]}  # fmt: skip
    [row] = gate_effect([group("eagle_no_caas", without), group("eagle", with_caas)]).to_dict("records")
    assert (row["images"], row["gate_open"], row["verdicts_changed"], row["corrected"], row["spoiled"]) == (3, 2, 2, 1, 1)
    assert row["mean_change_of_p_defect"] == pytest.approx((0.3 + 0.2) / 2)
    assert row["largest_change_of_p_defect"] == pytest.approx(0.3)


def test_answers_are_counted_by_question_type() -> None:
    records = {
        "question_type": ["defect_analysis", "defect_analysis", "anomaly_detection", "anomaly_detection"],
        "correct_letter": ["A", "B", "A", None],
        "answer_letter": ["A", None, "B", "A"],
        "status": ["answered", "unparsed", "answered", "answered"],
    }
    table = answer_counts([group("mllm", records), group("expert", records, mllm="none")]).set_index("question_type")
    assert table.loc["defect_analysis", ["asked", "answered", "unparsed", "failed", "right"]].tolist() == [2, 1, 1, 0, 1]
    assert table.loc["anomaly_detection", ["asked", "answered", "right"]].tolist() == [1, 1, 0]
    asked = [{"dataset": "d", "question_type": "defect_analysis", "is_defective": label} for label in (True, True, False, None)]
    [row] = question_counts(asked).to_dict("records")
    assert (row["questions"], row["about_normal_images"], row["about_defective_images"]) == (4, 1, 2)


def test_readings_of_the_model_become_means_layer_by_layer() -> None:
    images = [(LayerMass(9, 0.2, 0.3, -1.0), LayerMass(10, 0.5, 0.4, 1.0)), (LayerMass(9, 0.4, 0.5, -3.0),)]
    nine, ten = mass_rows("p", "m", (9, 10, 11), images)
    assert (nine["images"], nine["raised"], ten["images"], ten["raised"]) == (2, 1.0, 1, 0.0)
    assert (nine["stock"], nine["guided"], nine["mean_visual_logit"]) == pytest.approx((0.3, 0.4, -2.0))

    values = np.array([[[-1.0, -2.0], [-2.0, -1.0], [-9.0, -9.0]], [[-3.0, -2.0], [-2.0, -3.0], [-9.0, -7.0]]])
    first, second = dynamics_rows({"dataset": "d"}, values)
    assert (first["yes"], first["no"], first["control"], first["prefers_yes"]) == (-2.0, -2.0, -9.0, 0.5)
    assert (second["yes"], second["no"], second["control"], second["prefers_yes"]) == (-2.0, -2.0, -8.0, 0.5)


def test_attention_ratios_are_compared_between_pairs_of_like_size() -> None:
    # Areas 0.10 and 0.11 are alike, 0.10 and 0.40 are not: one pair, whose difference is 3 - 2.
    correct = [SeenImage("c", 0.10, True, {9: 3.0}), SeenImage("c", 0.90, True, {9: 5.0})]
    incorrect = [SeenImage("c", 0.11, False, {9: 2.0}), SeenImage("c", 0.40, False, {9: 1.0})]
    [row] = compared_ratios(correct, incorrect, seed=0).to_dict("records")
    assert (row["correct"], row["incorrect"], row["pairs"], row["matched_difference"]) == (4.0, 1.5, 1, 1.0)
    assert (row["low"], row["high"]) == (1.0, 1.0)
