"""From an image's patches to their distances and the image's score (paper: Eqs. 2-4, and what others do instead).

A patch's distance is the mean over its ``neighbours`` nearest bank patches (the paper: 1). The image's score is the
largest of them (Eq. 4), PatchCore's own reweighted largest (its Eq. 7), or the mean of the highest hundredth, as in
AnomalyDINO.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from eagle_core.calibration.quantile_levels import QUANTILE_LEVELS
from eagle_core.config import ExpertConfig
from eagle_core.expert.nearest import NOTHING, SearchBank

REWEIGHTING_NEIGHBOURS = 9
"""b of PatchCore's Eq. 7; anomalib's default."""
HIGHEST_SHARE = 0.01


class PatchReading(NamedTuple):
    """What a bank says of one image's patches."""

    score: float
    """Of the image."""
    distances: torch.Tensor
    """``(n,) float32``, of each patch."""


def read_patches(
    bank: SearchBank, queries: torch.Tensor, config: ExpertConfig, without: slice = NOTHING
) -> PatchReading:
    """Score one image.

    Args:
        bank: Of normal patches; not all of them in ``without``.
        queries: ``(n, D) float32``, the image's patches, n >= 1; unit vectors where ``distance`` is cosine.
        config: ``distance``, ``neighbours`` and ``pooling`` are read.
        without: Rows of the bank to leave out.
    """
    distances, rows = bank.nearest(queries, config.neighbours, without)
    patches = _in_measure(distances, config).mean(dim=1)
    if config.pooling == "top_percent":
        score = float(patches.topk(max(1, int(len(patches) * HIGHEST_SHARE))).values.mean())
    else:
        worst = int(patches.argmax())
        score = float(patches[worst])
        if config.pooling == "reweighted":
            score *= _weight(bank, queries[worst], distances[worst, 0], rows[worst, 0], without)
    return PatchReading(score, patches)


def patch_quantiles(distances: Sequence[torch.Tensor]) -> tuple[float, ...]:
    """The quantiles of all patches of all images at ``QUANTILE_LEVELS``; none where there are no images."""
    if not distances:
        return ()
    together = torch.cat([image.flatten() for image in distances]).double().cpu().numpy()
    return tuple(np.quantile(together, QUANTILE_LEVELS, method="higher").tolist())


def _in_measure(distances: torch.Tensor, config: ExpertConfig) -> torch.Tensor:
    if config.distance == "squared":
        return distances.square()
    # Of unit vectors, half the squared Euclidean distance is one less the cosine.
    return distances.square() / 2 if config.distance == "cosine" else distances


def _weight(
    bank: SearchBank, query: torch.Tensor, distance: torch.Tensor, row: torch.Tensor, without: slice
) -> float:
    """PatchCore's Eq. 7: small where the nearest bank patch lies among others that are as far from the query."""
    _, around = bank.nearest(bank.points[row][None], REWEIGHTING_NEIGHBOURS, without)
    to_query = torch.linalg.vector_norm(bank.points[around[0]] - query, dim=1)
    # Shifted by the largest exponent, so that far queries do not overflow.
    largest = torch.maximum(to_query.max(), distance)
    return float(1 - torch.exp(distance - largest) / torch.exp(to_query - largest).sum())
