"""Paired differences between methods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eagle_core.config import EvaluationConfig
from eagle_core.errors import DataError
from eagle_core.evaluation.differences import paired_differences
from eagle_core.evaluation.summary import summarise
from eagle_core.record_table import to_frame

CONFIG = EvaluationConfig(bootstrap_samples=400)


def row(frame: pd.DataFrame, scope: str, metric: str) -> pd.Series:
    found = frame[(frame["scope"] == scope) & (frame["metric"] == metric)]
    assert len(found) == 1
    return found.iloc[0]


def simulated(record, images: int, better: float):
    """EAGLE repeats the expert (right 7 times in 10) but puts every error right with probability ``better``."""
    rng = np.random.default_rng(2)
    for category in ("a", "b"):
        for i in range(images):
            label = bool(i % 2)
            expert = label if rng.random() < 0.7 else not label
            verdict = label if rng.random() < better else expert
            yield record(category, i, label, expert, method="expert", expert=expert, score=1.0)
            yield record(category, i, label, verdict, expert=expert, p=0.5)


def test_a_difference_is_the_difference_of_the_summary(record) -> None:
    frame = to_frame(simulated(record, 80, 0.3))
    summary = summarise(frame, CONFIG, seed=0)
    differences = paired_differences(frame, "eagle", "expert", CONFIG, seed=0)
    for metric in ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "false_alarm_rate"):
        for scope, name in (("a", metric), ("macro", f"{metric}_macro"), ("pooled", f"{metric}_pooled")):
            mine = summary[(summary["scope"] == scope) & (summary["metric"] == name)].set_index("method")[
                "value"
            ]
            found = row(differences, scope, name)
            assert found["difference"] == pytest.approx(mine["eagle"] - mine["expert"]), (scope, metric)
            assert found["low"] <= found["difference"] <= found["high"]
    assert set(differences["baseline"]) == {"expert"} and set(differences["mllm"]) == {"tiny"}


def test_pairing_makes_the_interval_narrower_than_two_separate_ones(record) -> None:
    frame = to_frame(simulated(record, 80, 0.1))
    summary = summarise(frame, CONFIG, seed=0)
    widths = [(r["high"] - r["low"]) for _, r in summary[summary["metric"] == "accuracy_pooled"].iterrows()]
    found = row(paired_differences(frame, "eagle", "expert", CONFIG, seed=0), "pooled", "accuracy_pooled")
    assert found["high"] - found["low"] < 0.8 * np.hypot(*widths)
    assert found["low"] >= 0  # it only ever corrects, so no resample can be worse


def test_a_method_that_copies_the_expert_differs_by_exactly_nothing(record) -> None:
    found = paired_differences(to_frame(simulated(record, 20, 0.0)), "eagle", "expert", CONFIG, seed=0)
    values = found[["difference", "low", "high"]].to_numpy(dtype=float)
    assert (values == 0).all()


def test_one_class_gives_no_value_and_is_left_out_of_the_macro(record) -> None:
    rows = list(simulated(record, 20, 0.5))
    for i in range(4):
        rows += [record("c", i, True, True, method="expert"), record("c", i, True, i > 0)]
    found = paired_differences(to_frame(rows), "eagle", "expert", CONFIG, seed=0)
    assert row(found, "c", "balanced_accuracy")["difference"] is pd.NA
    pair = [row(found, c, "balanced_accuracy")["difference"] for c in ("a", "b")]
    assert row(found, "macro", "balanced_accuracy_macro")["difference"] == pytest.approx(np.mean(pair))


def test_methods_that_saw_different_images_are_not_compared(record) -> None:
    rows = list(simulated(record, 20, 0.5))
    with pytest.raises(DataError, match="did not answer the same images"):
        paired_differences(to_frame(rows[:-1]), "eagle", "expert", CONFIG, seed=0)
    assert paired_differences(to_frame(rows), "eagle", "mllm", CONFIG, seed=0).empty
