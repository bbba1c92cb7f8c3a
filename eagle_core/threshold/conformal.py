"""tau = the split-conformal order statistic: a guarantee for finite samples, without a distribution."""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from eagle_core.counted import counted
from eagle_core.errors import FitError

ROUNDING = 1e-9


def conformal(scores: np.ndarray, false_alarm_rate: float) -> np.ndarray:
    """``(..., N)`` to ``(...)``: the ceil((N + 1)(1 - a))-th smallest score for a false-alarm rate a.

    A fresh normal image exchangeable with the scored ones scores above it with probability at most a.

    Raises:
        FitError: N is too small for the rate.
    """
    count = scores.shape[-1]
    # (N + 1) * (1 - a) = N + 1 - (N + 1) * a; the rounding guard keeps 0.1 * 20 from counting as more than 2.
    rank = count + 1 - floor((count + 1) * false_alarm_rate + ROUNDING)
    if rank > count:
        raise FitError(
            f"conformal: {counted(count, 'scored image')} cannot guarantee a false-alarm rate of {false_alarm_rate}; "
            f"it takes {units_needed(false_alarm_rate)}; raise threshold.false_alarm_rate"
        )
    return np.partition(scores, rank - 1, axis=-1)[..., rank - 1]


def grouped_conformal(scores: np.ndarray, groups: np.ndarray, false_alarm_rate: float) -> float:
    """The same where images come in groups: G groups count, each with equal weight, shared by its images.

    tau is the smallest score up to which the weights 1 / ((G + 1) n_g) sum to at least 1 - a. An image of a fresh group,
    exchangeable with the scored groups, lies above it with probability at most a (Dunn, Wasserman & Ramdas 2023; Lee,
    Barber & Willett 2023). With one image a group it is ``conformal``.

    Args:
        scores: ``(N,)``.
        groups: ``(N,)``, anything that can be compared.
        false_alarm_rate: a.

    Raises:
        FitError: There are too few groups for the rate.
    """
    _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(1 / ((len(sizes) + 1) * sizes[member[order]]))
    rank = int(np.searchsorted(below, 1 - false_alarm_rate - ROUNDING))
    if rank == len(scores):
        raise FitError(
            f"conformal: {counted(len(sizes), 'group')} cannot guarantee a false-alarm rate of {false_alarm_rate}; "
            f"it takes {units_needed(false_alarm_rate)}; raise threshold.false_alarm_rate"
        )
    return float(scores[order[rank]])


def smallest_rate(units: int) -> float:
    """The smallest false-alarm rate that ``units`` images or groups can promise."""
    return 1 / (units + 1)


def units_needed(false_alarm_rate: float) -> int:
    """How many images or groups it takes to promise a rate."""
    return ceil(1 / false_alarm_rate - ROUNDING) - 1
