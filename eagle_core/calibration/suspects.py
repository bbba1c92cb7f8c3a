"""Training images that look like defects beside the others: they would teach the expert that a defect is normal.

Scores of normal images are skewed: the logarithm is what a robust z is taken of. A score counts as suspicious where it
lies far beyond the bulk and beyond the largest score that is not suspicious by a gap.
"""

from __future__ import annotations

import numpy as np

FAR = 4.0
"""Robust standard deviations of the logarithm above its median. Measured (docs/promise.md): real defects that the expert can
see at all are found, at the price of 0 to 4 % of the good images, which somebody has to look at."""
GAUSSIAN = 1.4826
"""Makes the median absolute deviation a standard deviation for normal laws."""


def suspicious(scores: np.ndarray) -> np.ndarray:
    """``(N,) bool`` for ``(N,)`` scores of images, each against the others."""
    return np.asarray(scores > suspicion_limit(scores))


def suspicion_limit(scores: np.ndarray) -> float:
    """The score from which on an image looks like a defect beside those with ``(N,)`` ``scores``; infinite: no score does."""
    if len(scores) < 2:
        return float("inf")
    logarithms = np.log(np.maximum(scores, np.finfo(np.float64).tiny))
    centre = np.median(logarithms)
    # The lower half alone: defects widen the upper one.
    below = centre - logarithms[logarithms <= centre]
    spread = GAUSSIAN * np.median(below)
    return float(np.exp(centre + FAR * spread)) if spread > 0 else float("inf")
