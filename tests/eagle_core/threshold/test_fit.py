"""Fitted thresholds: every field, the interval, the warnings, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.config import ThresholdConfig
from eagle_core.errors import ConfigurationError, DataError, EagleError, FitError
from eagle_core.records import TrainingScores
from eagle_core.threshold.fit import fit_oracle, fit_threshold

RULES = ["kappa_sigma", "mad", "quantile", "conformal", "gev", "authors_evt"]


def training(values, excluded=()) -> TrainingScores:
    values = np.asarray(values, dtype=np.float64)
    return TrainingScores(tuple(f"{i:03d}.png" for i in range(len(values))), values, excluded)


def numbers(threshold) -> list[float]:
    fields = dataclasses.asdict(threshold)
    names = ("tau", "s_max", "mean", "standard_deviation", "tau_low", "tau_high", "interval_mass")
    return [fields[name] for name in names]


def test_fields_by_hand():
    # mean 2, population variance (9 * 1 + 81) / 10 = 9, so tau = 2 + 2 * 3 = 8 <= s_max = 11: one of ten inside.
    scores = training([1.0] * 9 + [11.0])
    threshold = fit_threshold(scores, ThresholdConfig(kappa=2.0), seed=0)
    assert (threshold.tau, threshold.s_max, threshold.mean, threshold.standard_deviation) == (8.0, 11.0, 2.0, 3.0)
    assert threshold.interval_mass == pytest.approx(0.1)
    assert threshold.method == "kappa_sigma"
    assert threshold.training_scores == (1.0,) * 9 + (11.0,)
    assert threshold.warnings == ()


def test_three_sigma_of_ten_images_is_always_empty_and_says_so():
    # The largest z-score of N = 10 is sqrt(9) = 3, reached by no continuous sample.
    scores = training(np.random.default_rng(0).gumbel(size=10))
    threshold = fit_threshold(scores, ThresholdConfig(kappa=3.0), seed=0)
    assert threshold.interval_is_empty
    assert threshold.interval_mass == 0.0
    assert "is empty" in threshold.warnings[0]


@pytest.mark.parametrize("rule", RULES)
def test_same_seed_same_threshold_and_interval_holds_tau(rule):
    scores = training(np.random.default_rng(1).gumbel(5, 1, size=120))
    config = ThresholdConfig(method=rule, false_alarm_rate=0.05, bootstrap_samples=20)
    first, again, other = (fit_threshold(scores, config, seed=s) for s in (0, 0, 1))
    assert first == again
    assert first.tau == other.tau
    assert (first.tau_low, first.tau_high) != (other.tau_low, other.tau_high)
    assert first.tau_low <= first.tau <= first.tau_high
    assert np.isfinite(numbers(first)).all()


def test_bootstrap_interval_has_the_width_of_the_sampling_distribution():
    """For kappa = 0 tau is the mean, whose 95 % interval is +-1.96 sigma / sqrt(N)."""
    scores = training(np.random.default_rng(2).normal(size=400))
    threshold = fit_threshold(scores, ThresholdConfig(kappa=0.0, bootstrap_samples=4000), seed=0)
    width = 2 * 1.96 * threshold.standard_deviation / np.sqrt(400)
    assert threshold.tau_high - threshold.tau_low == pytest.approx(width, rel=0.06)


@given(
    st.lists(st.floats(0, 1e6, allow_nan=False, width=32), min_size=0, max_size=30),
    st.sampled_from(RULES),
)
def test_finite_or_refused_for_any_scores(values, rule):
    config = ThresholdConfig(method=rule, false_alarm_rate=0.2, bootstrap_samples=5)
    try:
        threshold = fit_threshold(training(values), config, seed=0)
    except EagleError as error:
        assert str(error)
    else:
        assert np.isfinite(numbers(threshold)).all()
        assert len(values) >= config.min_images


def test_too_few_images_names_numbers_and_remedy():
    with pytest.raises(FitError, match=r"needs 5 .* there are 4 \(2 had too few unsampled patches"):
        fit_threshold(training([1, 2, 3, 4], excluded=("a", "b")), ThresholdConfig(), seed=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_score_is_refused(bad):
    with pytest.raises(FitError, match="not finite"):
        fit_threshold(training([1, 2, 3, 4, 5, bad]), ThresholdConfig(), seed=0)


def test_excluded_images_are_kept_and_mentioned():
    threshold = fit_threshold(training([1, 2, 3, 4, 50], excluded=("x.png",)), ThresholdConfig(kappa=1), seed=0)
    assert threshold.excluded_images == ("x.png",)
    assert any("1 training image was left out" in w for w in threshold.warnings)


def test_oracle_only_by_its_own_function_and_marked():
    with pytest.raises(ConfigurationError, match="test labels"):
        fit_threshold(training(range(10)), ThresholdConfig(method="oracle"), seed=0)
    threshold = fit_oracle(training([1, 2, 3]), [1.0, 2.0, 8.0, 9.0], [False, False, True, True])
    assert threshold.tau == 8.0
    assert threshold.method == "oracle"
    assert "test labels" in threshold.warnings[0]


def test_oracle_needs_labels():
    with pytest.raises(DataError, match="labelled"):
        fit_oracle(training([1, 2, 3]), [1.0, 2.0], [False, None])
