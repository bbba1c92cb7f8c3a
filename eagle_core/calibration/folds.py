"""In which folds images are put: at random, or by whole groups. Knows nothing of images but their number and groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eagle_core.errors import FitError

FEW = 30
"""Up to so many images a bank without a fifth of them is felt: it scores higher than the whole one."""
FOLDS_OF_FEW, FOLDS = 20, 5


def folds_for(images: int, asked: int | None) -> int:
    """In how many folds so many images are put: as ``asked``, else more where they are few; never more than images."""
    return min(images, asked or (FOLDS_OF_FEW if images <= FEW else FOLDS))


def random_folds(count: int, folds: int | None, seed: int) -> np.ndarray:
    """``(count,) int64``: a fold 0..K-1 of each image, their sizes differing by at most one.

    Args:
        count: Number of images.
        folds: K; None: by their number (``folds_for``). Where there are fewer images, each is a fold.
        seed: Of the order in which they are dealt out.

    Raises:
        FitError: There are fewer than two images.
    """
    if count < 2:
        raise FitError("cross-fitting needs at least 2 training images, there is 1; add normal images")
    return np.random.default_rng(seed).permutation(np.arange(count) % folds_for(count, folds))


def group_folds(groups: Sequence[str], folds: int | None, seed: int) -> np.ndarray:
    """``(N,) int64``: a fold of each image, all images of a group in the same one.

    Groups are dealt out at random, without looking at their sizes: the theorem on folds needs that.

    Raises:
        FitError: There are fewer than two groups.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise FitError(
            f"expert.calibration: grouped needs at least 2 groups among the training images, there is 1 ({names[0]}); "
            "check datasets.NAME.groups, or use cross_fitted"
        )
    of_group = random_folds(len(names), folds_for(len(groups), folds), seed)
    return np.asarray(of_group[member], dtype=np.int64)
