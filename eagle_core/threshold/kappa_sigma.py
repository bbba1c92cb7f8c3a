"""tau = mu + kappa * sigma (paper: section 3.2.2)."""

from __future__ import annotations

import numpy as np


def kappa_sigma(scores: np.ndarray, kappa: float) -> np.ndarray:
    """``(..., N)`` to ``(...)``. The paper does not say which sigma; population, as in the authors' code."""
    return scores.mean(axis=-1) + kappa * scores.std(axis=-1)
