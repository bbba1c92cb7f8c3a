"""Each rule against arithmetic by hand, SciPy's own fit, or its statistical promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import genextreme
from sklearn.metrics import balanced_accuracy_score

from eagle_core.config import ThresholdConfig
from eagle_core.errors import FitError
from eagle_core.threshold.authors_evt import authors_level
from eagle_core.threshold.by_name import rule_named
from eagle_core.threshold.conformal import conformal
from eagle_core.threshold.gev import GevParameters, fit_gev, gev_quantile
from eagle_core.threshold.kappa_sigma import kappa_sigma
from eagle_core.threshold.mad import mad
from eagle_core.threshold.oracle import oracle
from eagle_core.threshold.quantile import quantile

EIGHT = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])


def test_kappa_sigma_by_hand():
    # mean 5, population standard deviation 2 (sample: 2.138): 5 + 3 * 2
    assert kappa_sigma(EIGHT, 3.0) == 11.0


def test_mad_by_hand():
    # median 4.5; deviations 2.5 .5 .5 .5 .5 .5 2.5 4.5, their median .5, unscaled: 4.5 + 3 * .5
    assert mad(EIGHT, 3.0) == 6.0


def test_quantile_by_hand():
    # position 0.75 * 7 = 5.25 between the 6th (5) and the 7th (7) smallest
    assert quantile(EIGHT, 0.25) == 5.5


def test_conformal_by_hand():
    # ceil(9 * 0.75) = 7th smallest; ceil(9 * 0.8) = 8th
    assert conformal(EIGHT, 0.25) == 7.0
    assert conformal(EIGHT, 0.2) == 9.0


@pytest.mark.parametrize(("count", "rate"), [(8, 0.1), (98, 0.01), (18, 0.05)])
def test_conformal_refuses_too_few_and_says_how_many(count, rate):
    with pytest.raises(FitError, match=f"it takes {count + 1}"):
        conformal(np.arange(count, dtype=float), rate)
    # With one more the guarantee is just possible: the largest score.
    assert conformal(np.arange(count + 1, dtype=float), rate) == count


def test_conformal_keeps_its_promise():
    """A fresh exchangeable score lies above tau with probability at most the rate, here 2 / 21."""
    generator = np.random.default_rng(0)
    draws = generator.gumbel(size=(20_000, 21))
    above = draws[:, 20] > conformal(draws[:, :20], 0.1)
    assert abs(above.mean() - 2 / 21) < 4 * np.sqrt(0.095 * 0.905 / 20_000)


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_rules_are_vectorised_over_leading_axes(count, seed):
    scores = np.random.default_rng(seed).gamma(3.0, size=(4, count))
    rules = [
        lambda v: kappa_sigma(v, 3.0),
        lambda v: mad(v, 3.0),
        lambda v: quantile(v, 0.05),
        lambda v: conformal(v, 0.5),
    ]
    for rule in rules:
        np.testing.assert_allclose(rule(scores), [rule(row) for row in scores])


@pytest.mark.parametrize("shape", [-0.3, -0.1, 0.0, 0.1, 0.3])
@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e4])
def test_gev_is_scipys_maximum_likelihood(shape, unit):
    scores = genextreme.rvs(shape, loc=5 * unit, scale=2 * unit, size=300, random_state=3)
    ours = fit_gev(scores)
    # SciPy's own search, begun at the truth so that it does not get lost.
    theirs = genextreme.fit(scores / unit, shape, loc=5, scale=2)
    expected = (theirs[0], theirs[1] * unit, theirs[2] * unit)
    np.testing.assert_allclose(genextreme.nnlf(ours, scores), genextreme.nnlf(expected, scores), atol=1e-3)
    np.testing.assert_allclose(ours, expected, rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("shape", [-0.2, 0.2])
def test_gev_has_the_right_sign_and_meets_its_rate(shape):
    scores = genextreme.rvs(shape, loc=5, scale=2, size=5000, random_state=1)
    parameters = fit_gev(scores)
    assert np.sign(parameters.c) == np.sign(shape)
    fresh = genextreme.rvs(shape, loc=5, scale=2, size=200_000, random_state=2)
    assert abs((fresh > gev_quantile(parameters, 0.01)).mean() - 0.01) < 0.002


@given(st.integers(5, 80), st.integers(0, 2**32 - 1), st.sampled_from(["gumbel", "normal", "uniform", "pareto"]))
def test_gev_fits_or_says_no_but_never_nan(count, seed, law):
    generator = np.random.default_rng(seed)
    scores = getattr(generator, law)(*([2.0] if law == "pareto" else []), size=count)
    try:
        parameters = fit_gev(scores)
    except FitError as error:
        assert "gev" in str(error)
    else:
        assert np.isfinite(parameters).all()
        assert parameters.scale > 0
        assert np.isfinite(genextreme.nnlf(parameters, scores))


def test_gev_refuses_constant_scores():
    with pytest.raises(FitError, match="do not vary"):
        fit_gev(np.full(50, 3.0))


def test_authors_level_swaps_the_branches():
    # SciPy's c > 0 is a bounded tail (gamma < 0), where theirs should tie p to the bound; it says 0.97.
    assert authors_level(GevParameters(0.2, 0, 1)) == 0.97
    # c = -0.5 is a heavy tail: exp(-(0.3 * 0.5)^(1 / 0.5)) = exp(-0.0225) = 0.97775
    assert authors_level(GevParameters(-0.5, 0, 1)) == pytest.approx(np.exp(-0.0225))
    # c = -0.2: exp(-(0.06)^5) is nearly 1, so the cap of 0.98 holds.
    assert authors_level(GevParameters(-0.2, 0, 1)) == 0.98


def test_oracle_has_the_best_balanced_accuracy():
    generator = np.random.default_rng(4)
    labels = np.repeat([False, True], [40, 60])
    scores = generator.normal(size=100) + labels
    tau = oracle(scores, labels)
    best = max(balanced_accuracy_score(labels, scores >= s) for s in scores)
    assert balanced_accuracy_score(labels, scores >= tau) == pytest.approx(best)


def test_oracle_needs_both_classes():
    with pytest.raises(FitError, match="both"):
        oracle(np.array([1.0, 2.0]), np.array([True, True]))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("kappa_sigma", kappa_sigma(EIGHT, 2.5)),
        ("mad", mad(EIGHT, 2.5)),
        ("quantile", quantile(EIGHT, 0.2)),
        ("conformal", conformal(EIGHT, 0.2)),
    ],
)
def test_a_rule_is_found_by_name_and_given_the_settings_that_it_names(method, expected):
    rule = rule_named(ThresholdConfig(method=method, kappa=2.5, false_alarm_rate=0.2))
    assert rule(EIGHT) == expected
    assert np.array_equal(rule(np.stack([EIGHT, EIGHT + 1])), [expected, rule(EIGHT + 1)])
