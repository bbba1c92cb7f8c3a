"""tau = the split-conformal order statistic: a guarantee for finite samples, without a distribution."""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from eagle_core.errors import FitError

ROUNDING = 1e-9


def conformal(scores: np.ndarray, false_alarm_rate: float) -> np.ndarray:
    """``(..., N)`` to ``(...)``: the ceil((N + 1)(1 - a))-th smallest score for a false-alarm rate a.

    A fresh normal image exchangeable with the training images scores above it with probability at most a. DBT's
    training scores, each against the bank of all other images, are exchangeable with test scores only nearly.

    Raises:
        FitError: N is too small for the rate.
    """
    count = scores.shape[-1]
    # (N + 1) * (1 - a) = N + 1 - (N + 1) * a; the rounding guard keeps 0.1 * 20 from counting as more than 2.
    rank = count + 1 - floor((count + 1) * false_alarm_rate + ROUNDING)
    if rank > count:
        raise FitError(
            f"conformal: {count} scored training images cannot guarantee a false-alarm rate of {false_alarm_rate}; "
            f"it takes {ceil(1 / false_alarm_rate - ROUNDING) - 1}; raise threshold.false_alarm_rate"
        )
    return np.partition(scores, rank - 1, axis=-1)[..., rank - 1]
