"""Which training patches make up the memory bank (paper: Eq. 1, Algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from eagle_core.config import CoresetConfig
from eagle_core.errors import FitError
from eagle_core.expert.coreset import greedy_coreset, project, projection_matrix


def sample_patches(
    patches: torch.Tensor, config: CoresetConfig, seed: int, progress: Callable[[int, int], None] | None = None
) -> torch.Tensor:
    """``(N, P) bool``: the coreset of ``patches`` ``(N, P, D) float32``, on their device.

    Raises:
        FitError: The coreset would be empty.
    """
    flat = patches.flatten(0, 1)
    count = flat.shape[0]
    size = int(count * config.ratio)
    if size < 1:
        raise FitError(f"coreset.ratio {config.ratio} of {count} patches is less than one patch; raise it")
    matrix = projection_matrix(flat.shape[1], config.projection_dim, seed)
    chosen = greedy_coreset(
        project(flat, matrix), size, start=int(np.random.default_rng(seed).integers(count)), progress=progress
    )
    sampled = torch.zeros(count, dtype=torch.bool)
    sampled[chosen.indices] = True
    return sampled.reshape(patches.shape[:2]).to(patches.device)
