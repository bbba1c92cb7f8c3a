"""Methods against what they build on."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.config import EvaluationConfig
from eagle_core.evaluation.comparisons import compare
from eagle_core.record_table import to_frame

CONFIG = EvaluationConfig(bootstrap_samples=200)


def run(record, better: float):
    """EAGLE puts the expert's errors (three in ten) right with probability ``better``; the MLLM alone guesses."""
    rng = np.random.default_rng(0)
    for category in ("a", "b"):
        for i in range(60):
            label = bool(i % 2)
            expert = label if rng.random() < 0.7 else not label
            eagle = label if rng.random() < better else expert
            yield record(category, i, label, expert, method="expert", expert=expert, score=1.0)
            yield record(category, i, label, bool(rng.random() < 0.5), method="mllm", p=0.5)
            yield record(category, i, label, eagle, method="eagle", expert=expert, p=0.5)


def test_differences_and_tests_agree_with_each_other(record) -> None:
    found = {(c.method, c.baseline): c for c in compare(to_frame(run(record, 0.6)), CONFIG, seed=0)}
    assert set(found) == {("eagle", "expert"), ("eagle", "mllm"), ("mllm", "expert")}
    gain = found["eagle", "expert"]
    assert gain.only_baseline_right == 0
    assert gain.difference == pytest.approx(gain.only_method_right / 120)
    assert not gain.is_null and gain.p_value < 0.001


def test_a_method_that_changes_nothing_is_a_null_result(record) -> None:
    [same] = [c for c in compare(to_frame(run(record, 0.0)), CONFIG, seed=0) if (c.method, c.baseline) == ("eagle", "expert")]
    assert (same.difference, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert same.is_null


def test_a_pair_with_unequal_images_is_left_out(record) -> None:
    rows = list(run(record, 0.6))
    found = compare(to_frame([r for r in rows if r.method != "mllm" or not r.image_id.endswith("0003.png")]), CONFIG, seed=0)
    assert {(c.method, c.baseline) for c in found} == {("eagle", "expert")}
