"""Promised beside achieved: counts, Wilson's interval, levels."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from eagle_core.evaluation.promises import kept_promise
from eagle_core.records import Promise, Threshold

PROMISE = Promise(0.05, 0.05, None, 40, False, "cross_fitted", "why", "about 5 % of normal images will be flagged")
THRESHOLD = Threshold(
    3.0, 3.5, "conformal", 1.8, 0.4, 2.9, 3.2, 0.02, (1.0, 2.0, 3.5), promise=PROMISE, tau_warn=2.0, levels=((0.05, 3.0), (0.2, 2.0))
)


def records(normal: list[float], defective: list[float]) -> pd.DataFrame:
    rows = [("d", "cups", f"n{i}", False, s) for i, s in enumerate(normal)]
    rows += [("d", "cups", f"x{i}", True, s) for i, s in enumerate(defective)]
    rows += [("d", "other", "o", False, 9.0), ("d", "cups", "u", None, 9.0), ("d", "cups", "f", False, None)]
    return pd.DataFrame(rows, columns=["dataset", "category", "image_id", "is_defective", "expert_score"]).astype(
        {"is_defective": "boolean", "expert_score": "Float64"}
    )


def test_counts_interval_and_levels():
    kept = kept_promise("d", "cups", THRESHOLD, records([1.0] * 17 + [2.5, 3.0, 4.0], [1.0, 2.5, 3.0, 5.0]), 0.95)
    assert (kept.alarms, kept.normal, kept.caught, kept.defective, kept.warnings) == (2, 20, 2, 4, 1)
    # Wilson, 2 of 20: (2 + 1.92073 -+ 1.95996 * sqrt(2 * 18 / 20 + 0.96036)) / 23.8415
    assert (kept.low, kept.high) == (pytest.approx(0.0279, abs=1e-3), pytest.approx(0.3010, abs=1e-3))
    assert not kept.exceeded
    assert [(x.rate, x.false_alarms, x.recall) for x in kept.levels] == [(0.05, 0.1, 0.5), (0.2, 0.15, 0.75)]


def test_exceeded_only_beyond_chance():
    assert kept_promise("d", "cups", THRESHOLD, records([4.0] * 9 + [1.0] * 11, []), 0.95).exceeded


def test_without_labels_or_a_rate_there_is_nothing_to_compare():
    kept = kept_promise("d", "cups", THRESHOLD, records([], []), 0.95)
    assert (kept.normal, kept.low, kept.high, kept.levels[0].recall) == (0, None, None, None)
    assert kept_promise("d", "cups", dataclasses.replace(THRESHOLD, promise=None), records([1.0], []), 0.95) is None
