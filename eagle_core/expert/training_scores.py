"""Scores of the training images against the fitted bank (paper: section 3.2.2, Algorithm 1).

``as_printed`` is the paper's: unsampled patches against the whole bank. No score can then exceed the coreset's cover
radius, which fresh normal images easily do. ``unsampled`` leaves the image's own patches out of the bank, as the authors'
code does; ``leave_out`` does so for all patches of the image, since the odd patch is the one that gets sampled.
Banks that are fitted again without some images are ``cross_fitting``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch

from eagle_core.config import ExpertConfig
from eagle_core.expert.nearest import SearchBank
from eagle_core.expert.pooling import patch_quantiles, read_patches
from eagle_core.records import Calibration, TrainingScores

FromOneBank = Literal["as_printed", "unsampled", "leave_out"]


def score_training_images(
    patches: torch.Tensor,
    sampled: torch.Tensor,
    image_ids: Sequence[str],
    config: ExpertConfig,
    rule: FromOneBank,
    progress: Callable[[int, int], None] | None = None,
) -> TrainingScores:
    """Image score of each training image.

    Args:
        patches: ``(N, P, D) float32``, all patches of each image.
        sampled: ``(N, P) bool`` on the same device: those in the bank.
        image_ids: Of the N images.
        config: ``min_unsampled_patches`` and what ``read_patches`` reads.
        rule: Which patches are scored against what; ``auto`` is decided before.
        progress: Called with (scored, N).

    Returns:
        Scores of the images that have at least ``min_unsampled_patches`` patches to score and, where they are left out
        themselves, somebody else's patches in the bank; the others are named in ``excluded``.
    """
    bank = SearchBank.of(patches[sampled])
    # Bank rows are sorted by image, so an image's own are one slice of columns.
    ends = sampled.sum(dim=1).cumsum(dim=0).tolist()
    scored: dict[str, float] = {}
    excluded: list[str] = []
    read: list[torch.Tensor] = []
    for index, image_id in enumerate(image_ids):
        own = slice(0, 0) if rule == "as_printed" else slice(ends[index - 1] if index else 0, ends[index])
        queries = patches[index] if rule == "leave_out" else patches[index][~sampled[index]]
        bank_is_own = own.stop - own.start == len(bank.points)
        if len(queries) < config.min_unsampled_patches or bank_is_own:
            excluded.append(image_id)
        else:
            scored[image_id], distances = read_patches(bank, queries, config, without=own)
            read.append(distances.cpu())
        if progress is not None:
            progress(index + 1, len(image_ids))
    values = np.array(list(scored.values()), dtype=np.float64)
    return TrainingScores(
        tuple(scored), values, tuple(excluded), calibration=Calibration(rule), patch_quantiles=patch_quantiles(read)
    )
