"""Tables of a sweep: what varies and what was measured, point by point."""

from __future__ import annotations

import pandas as pd

from eagle_core.evaluation.sweep_table import (
    MeasuredPoint,
    distinct_points,
    gate_counts,
    long_table,
    no_metrics,
    wide_table,
)


def summary(value: float, *, opened: int = 3) -> pd.DataFrame:
    subject = {"dataset": "demo", "mllm": "tiny", "method": "eagle", "gate_open_count": opened}
    return pd.DataFrame(
        [
            subject | {"scope": "wood", "metric": "recall", "value": 0.25},
            subject | {"scope": "macro", "metric": "recall_macro", "value": value},
            subject | {"scope": "pooled", "metric": "recall_pooled", "value": value / 2},
        ]
    )


POINTS = (
    MeasuredPoint("alpha=0", {"caas.alpha": 0.0, "caas.mode": "key"}, summary(0.5)),
    MeasuredPoint("alpha=1", {"caas.alpha": 1.0, "caas.mode": None}, summary(0.5)),
    MeasuredPoint("alpha=2", {"caas.alpha": 2.0}, summary(0.75)),
    MeasuredPoint("alpha=3", {"caas.alpha": 3.0}, no_metrics()),
)


def test_a_point_is_a_row_of_macro_and_pooled_metrics_behind_what_varies() -> None:
    table = wide_table(POINTS)
    assert list(table.columns) == [
        "point", "caas.alpha", "caas.mode", "dataset", "mllm", "method", "gate_open_count", "recall_macro", "recall_pooled",
    ]  # fmt: skip
    assert table["caas.alpha"].tolist() == [0.0, 1.0, 2.0]
    assert table["recall_macro"].tolist() == [0.5, 0.5, 0.75]
    assert table["recall_pooled"].tolist() == [0.25, 0.25, 0.375]


def test_every_metric_is_a_row_and_a_point_without_any_has_none() -> None:
    assert long_table(POINTS)["point"].tolist() == ["alpha=0"] * 3 + ["alpha=1"] * 3 + ["alpha=2"] * 3


def test_points_are_distinct_by_what_was_measured_not_by_their_names() -> None:
    assert distinct_points(wide_table(POINTS), ["caas.alpha", "caas.mode"]) == 2


def test_the_gate_is_counted_once_for_each_method() -> None:
    assert gate_counts(summary(0.5, opened=7)) == {"demo/tiny/eagle/gate_open_count": 7.0}
