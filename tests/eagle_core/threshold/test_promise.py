"""What is promised: hierarchical conformal thresholds and bounds, checked by simulation with repeats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.config import ThresholdConfig
from eagle_core.errors import FitError
from eagle_core.records import Calibration, TrainingScores
from eagle_core.threshold.conformal import conformal, grouped_conformal, smallest_rate, units_needed
from eagle_core.threshold.fit import fit_threshold
from eagle_core.threshold.promise import percent, promise_of


def scored(values, groups=(), calibration="cross_fitted", **more) -> TrainingScores:
    values = np.asarray(values, dtype=np.float64)
    ids = tuple(f"{i}.png" for i in range(len(values)))
    return TrainingScores(ids, values, groups=tuple(groups), calibration=Calibration(calibration, **more))


def test_grouped_conformal_by_hand():
    # 4 groups, each of weight 1/5, shared by its images: a (1, 9) 1/10 each, b (2) 1/5, c (3) 1/5, d (4, 5) 1/10 each.
    scores, groups = np.array([1.0, 9.0, 2.0, 3.0, 4.0, 5.0]), np.array(list("aabcdd"))
    # Sums up to 1, 2, 3, 4, 5, 9: .1 .3 .5 .6 .7 .8
    assert grouped_conformal(scores, groups, 0.5) == 3.0
    assert grouped_conformal(scores, groups, 0.4) == 4.0
    assert grouped_conformal(scores, groups, 0.2) == 9.0
    with pytest.raises(FitError, match="4 groups cannot .* it takes 9"):
        grouped_conformal(scores, groups, 0.1)


@given(st.integers(4, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.2, 0.25, 0.5]))
def test_one_image_a_group_is_plain_conformal(count, seed, rate):
    scores = np.random.default_rng(seed).gamma(2.0, size=count)
    assert grouped_conformal(scores, np.arange(count), rate) == conformal(scores, rate)


def test_a_fresh_groups_image_lies_above_at_most_as_often_as_promised():
    """20,000 repeats: 9 groups of 3 to 6 images with a large common part; a fresh group's image. Promised: 0.2."""
    generator = np.random.default_rng(0)
    above, plain = [], []
    for _ in range(20_000):
        sizes = generator.integers(3, 7, size=9)
        groups = np.repeat(np.arange(9), sizes)
        scores = np.repeat(generator.gumbel(size=9), sizes) + 0.1 * generator.gumbel(size=sizes.sum())
        fresh = generator.gumbel() + 0.1 * generator.gumbel()
        above.append(fresh > grouped_conformal(scores, groups, 0.2))
        plain.append(fresh > conformal(scores, 0.05))
    error = np.sqrt(0.2 * 0.8 / 20_000)
    assert 0.1 < np.mean(above) < 0.2 + 3 * error
    # Counting images instead of groups, a promised 5 % is nearly twice as much.
    assert np.mean(plain) > 0.09


def test_cross_conformal_bound_holds_where_banks_are_nested():
    """Nearest neighbours on a line as the expert: 30 points in 5 folds; the deployed bank is all of them."""
    generator = np.random.default_rng(1)
    alarms, rate = [], 0.1
    for _ in range(4000):
        points = generator.standard_t(3, size=31)
        train, fresh = points[:30], points[30]
        folds = np.arange(30) % 5
        scores = np.array([np.abs(train[folds != folds[i]] - train[i]).min() for i in range(30)])
        alarms.append(np.abs(train - fresh).min() > conformal(scores, rate))
    made = promise_of(scored(scores, folds=5, nested=True), rate, conformal=True)
    assert made.bound == pytest.approx(2 * (3.1 + 4) / 35)
    assert np.mean(alarms) < made.bound
    assert np.mean(alarms) < rate + 3 * np.sqrt(rate * (1 - rate) / 4000)


def test_bounds_are_stated_only_where_they_are_theorems():
    values = np.arange(40.0)
    assert promise_of(scored(values, calibration="held_out"), 0.05, conformal=True).bound == 0.05
    assert promise_of(scored(values, folds=5), 0.05, conformal=True).bound is None
    assert promise_of(scored(values, calibration="unsampled"), 0.05, conformal=True).bound is None
    assert promise_of(scored(values, folds=40, nested=True), 0.05, conformal=True).bound == pytest.approx(0.1)
    assert promise_of(scored(values, calibration="held_out"), 0.05, conformal=False).bound is None
    assert "simulated, no theorem" in promise_of(scored(values, folds=5), 0.05, conformal=True).statement
    assert "guaranteed for images like" in promise_of(scored(values, calibration="held_out"), 0.05, conformal=True).statement


def test_too_few_do_not_pretend():
    """11 groups can promise 1 / 12 and no less: it is used, named, and what is missing is counted."""
    generator = np.random.default_rng(2)
    groups = np.repeat([f"g{i}" for i in range(11)], 3)
    scores = scored(generator.gumbel(size=33), groups, "grouped", folds=5)
    fitted = fit_threshold(scores, ThresholdConfig(method="conformal", false_alarm_rate=0.05, bootstrap_samples=5), seed=0)
    assert fitted.promise.rate == pytest.approx(1 / 12) == smallest_rate(11)
    assert fitted.tau == fitted.s_max
    assert (fitted.promise.units, fitted.promise.grouped) == (11, True)
    [warning] = [w for w in fitted.warnings if "was asked for" in w]
    assert "11 groups can promise no less than 8.3 %" in warning and "8 more are needed for 5 %" in warning
    assert units_needed(0.05) == 19


def test_a_warning_level_lies_below_tau_and_other_levels_are_on_record():
    scores = scored(np.arange(1.0, 100.0), calibration="held_out")
    config = ThresholdConfig(method="conformal", false_alarm_rate=0.05, warn_rate=0.2, bootstrap_samples=5)
    fitted = fit_threshold(scores, config, seed=0)
    # ranks 95 and 80 of 99
    assert (fitted.tau_warn, fitted.tau) == (80.0, 95.0)
    assert dict(fitted.levels)[0.01] == 99.0 and dict(fitted.levels)[0.05] == 95.0
    assert all(a >= b for (_, a), (_, b) in zip(fitted.levels, fitted.levels[1:], strict=False))


@pytest.mark.parametrize(("rule", "rate"), [("kappa_sigma", 0.2), ("conformal", 0.05), ("conformal", 0.01)])
def test_a_warning_rate_that_cannot_be_is_refused(rule, rate):
    with pytest.raises(ValueError, match="warn_rate"):
        ThresholdConfig(method=rule, false_alarm_rate=0.05, warn_rate=rate)


def test_suspects_are_named_and_take_the_theorem_away():
    scores = TrainingScores(
        ("a", "b", "c", "d", "e"), np.arange(5.0) + 1, calibration=Calibration("held_out"), suspects=("bad.png",)
    )
    fitted = fit_threshold(scores, ThresholdConfig(method="conformal", false_alarm_rate=0.2, bootstrap_samples=5), seed=0)
    assert fitted.suspects == ("bad.png",)
    assert fitted.promise.bound is None
    assert any("bad.png" in w and "left_out" in w for w in fitted.warnings)


def test_percent():
    assert [percent(r) for r in (0.05, 1 / 12, 0.2, 1.0, 0.001)] == ["5 %", "8.3 %", "20 %", "100 %", "0.1 %"]
