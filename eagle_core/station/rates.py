"""How many parts a threshold would stop, with the interval that the number of parts allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` of ``total``, with a Wilson interval of 95 %."""

    count: int
    total: int
    low: float | None
    """None where ``total`` is 0."""
    high: float | None


def share(count: int, total: int) -> Rate:
    """The rate of ``count`` of ``total``."""
    if total == 0:
        return Rate(0, 0, None, None)
    interval = binomtest(count, total).proportion_ci(CONFIDENCE, method="wilson")
    return Rate(count, total, float(interval.low), float(interval.high))


def stopped(scores: Sequence[float] | np.ndarray, tau: float) -> Rate:
    """Of ``scores``, those at or above ``tau``."""
    values = np.asarray(scores, dtype=np.float64)
    return share(int(np.count_nonzero(values >= tau)), len(values))
