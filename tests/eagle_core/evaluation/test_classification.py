"""Image-level metrics: points against hand counts, resampled values against scikit-learn row by row."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.evaluation.bootstrap import generator, percentile_interval, stratified_draws
from eagle_core.evaluation.classification import VERDICT_METRICS, auroc, auroc_replicates

METRICS = {metric.name: metric for metric in VERDICT_METRICS}


def arrays(*pairs: tuple[bool, bool, int]) -> tuple[np.ndarray, np.ndarray]:
    labels = np.concatenate([np.full(n, label) for label, _, n in pairs])
    return labels, np.concatenate([np.full(n, verdict) for _, verdict, n in pairs])


def test_against_a_table_counted_by_hand() -> None:
    # TP 6, FN 2, FP 1, TN 3.
    labels, verdicts = arrays((True, True, 6), (True, False, 2), (False, True, 1), (False, False, 3))
    expected = {
        "accuracy": 9 / 12,
        "balanced_accuracy": (6 / 8 + 3 / 4) / 2,
        "precision": 6 / 7,
        "recall": 6 / 8,
        "f1": 12 / 15,  # 2 TP / (2 TP + FP + FN)
        "false_alarm_rate": 1 / 4,
    }
    assert {name: metric.point(labels, verdicts) for name, metric in METRICS.items()} == pytest.approx(
        expected
    )


def test_the_papers_accuracy_is_the_balanced_one() -> None:
    """LLaVA-NeXT on MVTec (Table 1): recall 40.2 and a TNR of 99.4 give 69.8, whatever the class ratio."""
    labels, verdicts = arrays((True, True, 402), (True, False, 598), (False, True, 1), (False, False, 166))
    assert METRICS["balanced_accuracy"].point(labels, verdicts) == pytest.approx(0.698, abs=5e-4)


@pytest.mark.parametrize(
    ("pairs", "undefined"),
    [
        ([(True, True, 3), (True, False, 1)], {"balanced_accuracy", "false_alarm_rate"}),
        ([(False, False, 3), (False, True, 1)], {"balanced_accuracy", "recall"}),
        ([(False, False, 4)], {"balanced_accuracy", "recall", "precision", "f1"}),
        ([(True, False, 2), (False, False, 2)], {"precision"}),
        ([(True, True, 0)], set(METRICS)),
    ],
)
def test_what_is_undefined_has_no_value(pairs, undefined) -> None:
    labels, verdicts = (a.astype(bool) for a in arrays(*pairs))
    draws = stratified_draws(labels, 5, np.random.default_rng(0))
    for name, metric in METRICS.items():
        value, replicates = metric.point(labels, verdicts), metric.replicates(labels, verdicts, draws)
        assert (value is None) == (name in undefined), name
        if name in undefined:
            assert np.isnan(replicates).all(), name
    if labels.all() or not labels.any():
        assert auroc(labels, np.arange(len(labels), dtype=float)) is None


@given(seed=st.integers(0, 10_000), normal=st.integers(0, 12), defective=st.integers(0, 12))
def test_each_resample_equals_scikit_learn_on_it(seed: int, normal: int, defective: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([False, True], [normal, defective]))
    verdicts = rng.random(len(labels)) < 0.6
    scores = rng.integers(0, 5, len(labels)).astype(float)  # many ties
    draws = stratified_draws(labels, 8, rng)
    areas = auroc_replicates(labels, scores, draws)
    found = {name: metric.replicates(labels, verdicts, draws) for name, metric in METRICS.items()}
    for b, draw in enumerate(draws):
        assert (labels[draw] == labels).all()
        if normal and defective:
            assert areas[b] == pytest.approx(sk.roc_auc_score(labels[draw], scores[draw]), abs=1e-12)
        for name, metric in METRICS.items():
            point = metric.point(labels[draw], verdicts[draw])
            assert (
                np.isnan(found[name][b])
                if point is None
                else found[name][b] == pytest.approx(point, abs=1e-6)
            )


def test_auroc_equals_scikit_learn_with_ties() -> None:
    # Pairs won 5 of 6, one tie: (4 + 1 + 0.5) / 6.
    labels = np.array([False, False, True, True, True])
    scores = np.array([0.1, 0.5, 0.5, 0.7, 0.9])
    assert auroc(labels, scores) == pytest.approx(5.5 / 6) == sk.roc_auc_score(labels, scores)


def test_draws_keep_the_labels_and_depend_on_their_name_only() -> None:
    labels = np.array([True, False, True, False, False, True, False])
    draws = stratified_draws(labels, 200, generator(3, "demo", "weave"))
    assert (labels[draws] == labels).all()
    assert set(draws[:, labels].ravel()) == {0, 2, 5} and set(draws[:, ~labels].ravel()) == {1, 3, 4, 6}
    again = stratified_draws(labels, 200, generator(3, "demo", "weave"))
    assert (draws == again).all()
    assert (draws != stratified_draws(labels, 200, generator(4, "demo", "weave"))).any()
    assert (draws != stratified_draws(labels, 200, generator(3, "demo", "nut"))).any()


def test_a_percentile_interval_leaves_out_undefined_resamples() -> None:
    values = np.arange(101, dtype=float)
    assert percentile_interval(values, 0.95) == pytest.approx((2.5, 97.5))
    assert percentile_interval(np.concatenate([values, np.full(50, np.nan)]), 0.9) == pytest.approx((5, 95))
    assert percentile_interval(np.concatenate([values, np.full(150, np.nan)]), 0.9) is None
    assert percentile_interval(np.array([]), 0.9) is None


def test_intervals_cover_the_truth_as_often_as_they_promise() -> None:
    """300 simulated categories of 60 + 60 images: TPR 0.8, TNR 0.9, so balanced accuracy 0.85.

    The count of intervals that cover is binomial(300, 0.95): mean 285, standard deviation 3.8. Percentile
    intervals of a discrete metric run a little short; 0.91 to 0.98 is the mean less 3.2 and plus 2.4 deviations.
    """
    rng = np.random.default_rng(11)
    labels = np.repeat([False, True], 60)
    covered = 0
    for _ in range(300):
        verdicts = np.where(labels, rng.random(120) < 0.8, rng.random(120) >= 0.9)
        draws = stratified_draws(labels, 400, rng)
        interval = percentile_interval(METRICS["balanced_accuracy"].replicates(labels, verdicts, draws), 0.95)
        assert interval is not None
        # The replicates are float32.
        covered += interval.low - 1e-6 <= 0.85 <= interval.high + 1e-6
    assert 0.91 <= covered / 300 <= 0.98
