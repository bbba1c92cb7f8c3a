"""A threshold for the pixels of anomaly maps, from the patch scores of normal images.

Conformal risk control (Angelopoulos et al. 2022): where images are exchangeable, the expected share of a new normal
image's patches at or above tau is at most r, if the share among the n normal images is at most r - (1 - r) / n. Pixels are
interpolated between patches, so that no fewer of them stay below. As for images, the theorem needs scores by one expert
that was fitted without the images (calibration ``held_out``); for folds it is an approximation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eagle_core.calibration.quantile_levels import QUANTILE_LEVELS
from eagle_core.records import TrainingScores


@dataclass(frozen=True, slots=True)
class PixelThreshold:
    """From where on a pixel of the anomaly map counts as defective."""

    tau: float
    rate: float
    """Share of a normal image's pixels at or above tau that is promised: what was asked for, or the smallest that so
    few images allow."""


def fit_pixel_threshold(scores: TrainingScores, rate: float) -> PixelThreshold | None:
    """The threshold for a promised ``rate`` of false pixels; None where no patch was scored.

    Args:
        scores: Of normal images; ``patch_quantiles`` are read, and their number n.
        rate: Asked for, in (0, 1). Fewer than 1 / rate - 1 images can only promise 1 / (n + 1).
    """
    if not scores.patch_quantiles:
        return None
    count = len(scores.image_ids)
    promised = max(rate, 1 / (count + 1))
    # (n share + 1) / (n + 1) <= promised
    share = promised - (1 - promised) / count
    above = next((i for i, level in enumerate(QUANTILE_LEVELS) if 1 - level <= share), len(QUANTILE_LEVELS) - 1)
    # Above the quantile itself, since a pixel at tau counts.
    return PixelThreshold(float(np.nextafter(scores.patch_quantiles[above], np.inf)), promised)
