"""tau = the empirical quantile at the target false-alarm rate."""

from __future__ import annotations

import numpy as np


def quantile(scores: np.ndarray, false_alarm_rate: float) -> np.ndarray:
    """``(..., N)`` to ``(...)``, linear between order statistics.

    It never exceeds the largest training score; ``conformal`` is the form with a finite-sample guarantee.
    """
    return np.quantile(scores, 1 - false_alarm_rate, axis=-1)
