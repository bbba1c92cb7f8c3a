"""Fit a threshold: tau by the configured rule, s_max, a bootstrap interval, and what is wrong with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from eagle_core.config import ThresholdConfig
from eagle_core.counted import counted
from eagle_core.errors import ConfigurationError, DataError, FitError
from eagle_core.records import Promise, Threshold, TrainingScores
from eagle_core.threshold.authors_evt import authors_level
from eagle_core.threshold.by_name import rule_named
from eagle_core.threshold.conformal import conformal, grouped_conformal, smallest_rate
from eagle_core.threshold.gev import GevParameters, fit_gev, gev_quantile
from eagle_core.threshold.oracle import oracle
from eagle_core.threshold.promise import promise_of
from eagle_core.threshold.quantile import quantile

CONFIDENCE = 0.95
RATES = (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3)
"""Whose tau is shown beside the chosen one."""
MAX_REFITS = 200
"""A refit that is not vectorised takes milliseconds: those rules are bootstrapped with at most this many."""


class _Interval(NamedTuple):
    low: float
    high: float
    warning: str | None = None


def fit_threshold(scores: TrainingScores, config: ThresholdConfig, *, seed: int) -> Threshold:
    """tau and s_max from the scores of normal training images (paper: section 3.2.2).

    The interval of tau is a percentile bootstrap over images, 95 %. Every number of the result is finite.

    Raises:
        ConfigurationError: The method is ``oracle``, which needs test labels (``fit_oracle``).
        FitError: There are fewer images than ``min_images`` or than the rule needs, a score is not finite, or
            the GEV law cannot be fitted.
    """
    if config.method == "oracle":
        raise ConfigurationError("threshold.method oracle looks at test labels; it is fitted by fit_oracle")
    values = _checked(scores, config.min_images)
    generator = np.random.default_rng(seed)
    promise, tau_warn = None, None
    if config.method in ("conformal", "quantile", "gev"):
        promise = promise_of(scores, config.false_alarm_rate, conformal=config.method == "conformal")
        config = config.model_copy(update={"false_alarm_rate": promise.rate})
    if config.method in ("gev", "authors_evt"):
        parameters = fit_gev(values)
        tau = _gev_tau(parameters, config)
        interval = _bootstrap_gev(values, parameters, config, generator)
    elif config.method == "conformal" and scores.groups:
        groups = np.asarray(scores.groups)
        tau = grouped_conformal(values, groups, config.false_alarm_rate)
        interval = _bootstrap_groups(values, groups, config, generator)
        tau_warn = _at_warn_rate(config, lambda rate: grouped_conformal(values, groups, rate))
    else:
        rule = rule_named(config)
        tau = float(rule(values))
        drawn = generator.integers(len(values), size=(config.bootstrap_samples, len(values)))
        interval = _percentiles(rule(values[drawn]))
        by_rate = quantile if config.method == "quantile" else conformal
        tau_warn = _at_warn_rate(config, lambda rate: float(by_rate(values, rate)))
    fitted = _threshold(config.method, tau, interval, values, scores.excluded)
    warnings = fitted.warnings
    if promise is not None and promise.rate > promise.asked:
        warnings = (*warnings, promise.statement)
    if scores.suspects:
        warnings = (*warnings, _named(scores.suspects))
    return dataclasses.replace(
        fitted,
        promise=promise,
        tau_warn=tau_warn,
        suspects=scores.suspects,
        warnings=warnings,
        levels=_levels(scores, promise) if config.method == "conformal" and promise is not None else (),
    )


def _levels(scores: TrainingScores, promise: Promise) -> tuple[tuple[float, float], ...]:
    """tau at each of ``RATES`` that can be promised, and at the promised one."""
    values = np.asarray(scores.scores, dtype=np.float64)
    rates = sorted({promise.rate, *(rate for rate in RATES if rate >= smallest_rate(promise.units))})
    if scores.groups:
        return tuple((rate, grouped_conformal(values, np.asarray(scores.groups), rate)) for rate in rates)
    return tuple((rate, float(conformal(values, rate))) for rate in rates)


def fit_oracle(
    train: TrainingScores, test_scores: Sequence[float], test_labels: Sequence[bool | None], *, seed: int = 0
) -> Threshold:
    """The threshold that is best on the labelled test images: an upper bound, marked as such in its warnings.

    Args:
        train: Gives s_max and sigma, as for every rule.
        test_scores: Of the test images.
        test_labels: True for defective; None (unlabelled) is an error.
        seed: Of the bootstrap over test images (200 draws).

    Raises:
        DataError: A test image has no label.
        FitError: There are no training scores, one of the two classes is missing, or a score is not finite.
    """
    if any(label is None for label in test_labels):
        raise DataError("oracle: every test image must be labelled normal or defective")
    values = _checked(train, 1)
    tested, labels = np.asarray(test_scores, dtype=np.float64), np.asarray(test_labels, dtype=bool)
    tau = oracle(tested, labels)
    generator = np.random.default_rng(seed)
    normal, defective = np.flatnonzero(~labels), np.flatnonzero(labels)
    taus = []
    for _ in range(MAX_REFITS):
        drawn = np.concatenate([generator.choice(normal, len(normal)), generator.choice(defective, len(defective))])
        taus.append(oracle(tested[drawn], labels[drawn]))
    low, high, _ = _percentiles(np.array(taus))
    used = "tau was chosen with test labels: an upper bound, not a result"
    return _threshold("oracle", tau, _Interval(low, high, used), values, train.excluded)


def _checked(scores: TrainingScores, least: int) -> np.ndarray:
    values = np.asarray(scores.scores, dtype=np.float64)
    if len(values) < least:
        raise FitError(
            f"a threshold needs {least} scored training images, there are {len(values)} "
            f"({len(scores.excluded)} had too few unsampled patches or no other image in the bank); "
            "add normal images, lower expert.coreset.ratio or threshold.min_images"
        )
    if not np.isfinite(values).all():
        raise FitError("a training score is not finite; check the images and the backbone's weights")
    return values


def _gev_tau(parameters: GevParameters, config: ThresholdConfig) -> float:
    rate = config.false_alarm_rate if config.method == "gev" else 1 - authors_level(parameters)
    tau = gev_quantile(parameters, rate)
    if not np.isfinite(tau):
        raise FitError(f"{config.method}: the fitted law has no finite quantile (shape c = {parameters.c:.3g})")
    return tau


def _bootstrap_gev(
    values: np.ndarray, start: GevParameters, config: ThresholdConfig, generator: np.random.Generator
) -> _Interval:
    """Refits begin at the fit of the whole sample; those that find no maximum are left out, and counted."""
    wanted = min(config.bootstrap_samples, MAX_REFITS)
    taus = []
    for _ in range(wanted):
        drawn = values[generator.integers(len(values), size=len(values))]
        try:
            taus.append(_gev_tau(fit_gev(drawn, start), config))
        except FitError:
            continue
    failed = wanted - len(taus)
    if 2 * failed > wanted:
        raise FitError(
            f"{config.method}: {failed} of {wanted} bootstrap refits found no maximum of the likelihood; "
            "use threshold.method quantile or kappa_sigma, or more training images"
        )
    low, high, _ = _percentiles(np.array(taus))
    return _Interval(low, high, f"{failed} of {wanted} bootstrap refits found no maximum" if failed else None)


def _at_warn_rate(config: ThresholdConfig, tau_at: Callable[[float], float]) -> float | None:
    """The warning level, or None: no warnings are asked for, or even alarms are promised at no smaller rate."""
    if config.warn_rate is None or config.warn_rate <= config.false_alarm_rate:
        return None
    return tau_at(config.warn_rate)


def _bootstrap_groups(
    values: np.ndarray, groups: np.ndarray, config: ThresholdConfig, generator: np.random.Generator
) -> _Interval:
    """Whole groups are drawn; one that is drawn twice counts as two."""
    names, member = np.unique(groups, return_inverse=True)
    rows = [np.flatnonzero(member == group) for group in range(len(names))]
    taus = []
    for _ in range(min(config.bootstrap_samples, MAX_REFITS)):
        drawn = [rows[group] for group in generator.integers(len(names), size=len(names))]
        renamed = np.repeat(np.arange(len(drawn)), [len(some) for some in drawn])
        taus.append(grouped_conformal(values[np.concatenate(drawn)], renamed, config.false_alarm_rate))
    return _percentiles(np.array(taus))


def _named(suspects: tuple[str, ...]) -> str:
    shown = ", ".join(suspects[:5]) + (f" and {len(suspects) - 5} more" if len(suspects) > 5 else "")
    return (
        f"training images that look like defects beside the others: {shown}; look at them, and remove what is defective or "
        "set expert.suspects: left_out"
    )


def _percentiles(taus: np.ndarray) -> _Interval:
    low, high = np.quantile(taus, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return _Interval(float(low), float(high))


def _threshold(
    method: str, tau: float, interval: _Interval, values: np.ndarray, excluded: tuple[str, ...]
) -> Threshold:
    s_max = float(values.max())
    warnings = [] if interval.warning is None else [interval.warning]
    if s_max < tau:
        warnings.append(
            f"no score lies between the limit and the highest normal score ([tau, s_max] = [{tau:.4g}, {s_max:.4g}] is empty): an MLLM's "
            "attention is never guided here (a smaller kappa, a larger false-alarm rate or caas.gate symmetric lets it be)"
        )
    if excluded:
        warnings.append(f"{counted(len(excluded), 'training image was', 'training images were')} left out: too few unsampled patches to score")
    return Threshold(
        tau=tau,
        s_max=s_max,
        method=method,
        mean=float(values.mean()),
        standard_deviation=float(values.std()),
        tau_low=interval.low,
        tau_high=interval.high,
        interval_mass=float(((values >= tau) & (values <= s_max)).mean()),
        training_scores=tuple(values.tolist()),
        excluded_images=excluded,
        warnings=tuple(warnings),
    )
