"""Scores of training images by experts that were fitted without them: one bank for each fold, from the same features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from eagle_core.config import ExpertConfig
from eagle_core.expert.nearest import SearchBank
from eagle_core.expert.pooling import patch_quantiles, read_patches
from eagle_core.expert.sampling import sample_patches
from eagle_core.records import Calibration, TrainingScores


def cross_fit(
    patches: torch.Tensor,
    image_ids: Sequence[str],
    folds: np.ndarray,
    config: ExpertConfig,
    calibration: Calibration,
    *,
    groups: tuple[str, ...] = (),
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> TrainingScores:
    """Image score of every training image, all its patches against a bank of the other folds.

    A fold's bank is sampled as the deployed one is: same ratio, projection and seed.

    Args:
        patches: ``(N, P, D) float32``.
        image_ids: Of the N images.
        folds: ``(N,) int64``, 0..K-1, each at least once, K >= 2.
        config: ``coreset`` and what ``read_patches`` reads.
        calibration: By which rule the folds were made; ``folds`` and ``nested`` are filled in.
        groups: Of each image; empty: each is its own.
        seed: Of projection and coreset.
        progress: Called with (scored, N).

    Raises:
        FitError: A fold's coreset would be empty.
    """
    scores = np.empty(len(image_ids))
    read: list[torch.Tensor] = []
    done, count = 0, int(folds.max()) + 1
    for fold in range(count):
        others = patches[torch.from_numpy(folds != fold)]
        bank = SearchBank.of(others[sample_patches(others, config.coreset, seed)])
        for index in np.flatnonzero(folds == fold):
            scores[index], distances = read_patches(bank, patches[index], config)
            read.append(distances.cpu())
            done += 1
            if progress is not None:
                progress(done, len(image_ids))
    # Where every patch is kept, each fold's bank lies inside the deployed one; a coreset's does not.
    made = Calibration(calibration.rule, calibration.reason, folds=count, nested=config.coreset.ratio == 1)
    return TrainingScores(tuple(image_ids), scores, groups=groups, calibration=made, patch_quantiles=patch_quantiles(read))
