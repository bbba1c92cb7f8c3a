"""tau = median + kappa * MAD."""

from __future__ import annotations

import numpy as np
from scipy.stats import median_abs_deviation


def mad(scores: np.ndarray, kappa: float) -> np.ndarray:
    """``(..., N)`` to ``(...)``. The median absolute deviation is unscaled, as in the authors' code."""
    return np.median(scores, axis=-1) + kappa * median_abs_deviation(scores, axis=-1)
