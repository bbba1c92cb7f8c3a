"""The promise of a threshold for pixels, by simulation and by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.calibration.quantile_levels import QUANTILE_LEVELS
from eagle_core.records import TrainingScores
from eagle_core.threshold.pixels import fit_pixel_threshold


def training(patches: np.ndarray) -> TrainingScores:
    """Scores of images whose patches are the rows."""
    quantiles = np.quantile(patches, QUANTILE_LEVELS, method="higher")
    names = tuple(map(str, range(len(patches))))
    return TrainingScores(names, patches.max(axis=1), patch_quantiles=tuple(quantiles))


def test_the_share_of_false_pixels_of_new_images_keeps_the_promise() -> None:
    """Images differ in level, so that their pixels come in clusters; 400 repeats of 60 images and one new one."""
    rng = np.random.default_rng(0)

    def images(count: int) -> np.ndarray:
        return rng.gamma(2, 1, (count, 200)) * rng.lognormal(0, 0.3, (count, 1))

    shares = []
    for _ in range(400):
        threshold = fit_pixel_threshold(training(images(60)), 0.05)
        assert threshold is not None and threshold.rate == 0.05
        shares.append((images(1) >= threshold.tau).mean())
    spread = np.std(shares) / len(shares) ** 0.5
    assert np.mean(shares) < 0.05 + 2 * spread
    assert np.mean(shares) > 0.02, "a threshold that marks nothing would keep any promise"


def test_few_images_promise_the_smallest_rate_that_they_can() -> None:
    """9 images: 1 / 10 at best, and then no pixel of theirs may reach tau."""
    patches = np.random.default_rng(0).random((9, 50))
    threshold = fit_pixel_threshold(training(patches), 0.01)
    assert threshold is not None and threshold.rate == pytest.approx(0.1)
    assert threshold.tau > np.quantile(patches, 0.999)


def test_a_threshold_leaves_the_share_that_arithmetic_says() -> None:
    """99 images, 5 %: at most .05 - .95 / 99 = 4.04 % of their patches may reach tau."""
    patches = np.random.default_rng(1).random((99, 1000))
    threshold = fit_pixel_threshold(training(patches), 0.05)
    assert threshold is not None
    assert 0.035 < (patches >= threshold.tau).mean() <= 0.0404 + 1e-9


def test_without_patches_there_is_none() -> None:
    assert fit_pixel_threshold(TrainingScores((), np.array([])), 0.01) is None
