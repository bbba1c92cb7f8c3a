"""DBT's scores of the training images from their unsampled patches (paper: section 3.2.2, Algorithm 1).

Differs by default: an image is scored against the bank without its own patches. Against the whole bank (the
paper's Algorithm 1, ``leave_own_image_out: false``) no score can exceed the coreset's cover radius, which
fresh normal images easily do, so that most of them are judged anomalous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from eagle_core.config import ExpertConfig
from eagle_core.expert.nearest import SearchBank
from eagle_core.records import TrainingScores


class ScoredTraining(NamedTuple):
    """Training scores, and how well the bank covers the training patches."""

    scores: TrainingScores
    cover_radius: float
    """Largest Euclidean distance of a training patch to its nearest bank patch."""


def score_training_images(
    patches: torch.Tensor,
    sampled: torch.Tensor,
    image_ids: Sequence[str],
    config: ExpertConfig,
    progress: Callable[[int, int], None] | None = None,
) -> ScoredTraining:
    """Image score of each training image: the largest nearest-neighbour distance of its patches.

    Args:
        patches: ``(N, P, D) float32``, all patches of each image.
        sampled: ``(N, P) bool`` on the same device: those in the bank.
        image_ids: Of the N images.
        config: ``leave_own_image_out``, ``patches``, ``min_unsampled_patches`` and ``distance`` are read.
        progress: Called with (scored, N).

    Returns:
        Scores of the images that have at least ``min_unsampled_patches`` patches to score and somebody
        else's patches in the bank; the others are named in ``excluded``.
    """
    bank = SearchBank.of(patches[sampled])
    # Bank rows are sorted by image, so an image's own are one slice of columns.
    ends = sampled.sum(dim=1).cumsum(dim=0).tolist()
    scored: dict[str, float] = {}
    excluded = []
    cover = 0.0
    for index, image_id in enumerate(image_ids):
        own = slice(ends[index - 1] if index else 0, ends[index]) if config.leave_own_image_out else slice(0, 0)
        queries = patches[index] if config.patches == "all" else patches[index][~sampled[index]]
        if len(queries) > 0:
            ranks = bank.ranks(queries)
            cover = max(cover, _largest_distance(bank, queries, ranks))
        bank_is_own = own.stop - own.start == len(bank.points)
        if len(queries) < config.min_unsampled_patches or bank_is_own:
            excluded.append(image_id)
        else:
            ranks[:, own] = torch.inf
            distance = _largest_distance(bank, queries, ranks)
            scored[image_id] = distance**2 if config.distance == "squared" else distance
        if progress is not None:
            progress(index + 1, len(image_ids))
    scores = TrainingScores(tuple(scored), np.array(list(scored.values()), dtype=np.float64), tuple(excluded))
    return ScoredTraining(scores, cover)


def _largest_distance(bank: SearchBank, queries: torch.Tensor, ranks: torch.Tensor) -> float:
    """Eq. 4: the largest over the queries of the distance to the nearest bank patch."""
    centred = queries - bank.mean
    worst = int((ranks.amin(dim=1) + centred.square().sum(dim=1)).argmax())
    nearest = bank.points[ranks[worst].argmin()]
    return float(torch.linalg.vector_norm(queries[worst] - nearest))
