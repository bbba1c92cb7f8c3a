"""The fitted expert: PatchCore's memory bank, and for every training patch whether it was sampled into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from eagle_core.calibration.likeness import LikenessReference
from eagle_core.config import ExpertConfig
from eagle_core.records import Failure, TrainingScores


@dataclass(frozen=True, slots=True)
class FittedExpert:
    """PatchCore, or another kind of expert, fitted on one category's normal images (paper: Eqs. 1 and 5, Algorithm 1)."""

    bank: torch.Tensor
    """``(M, D) float32`` on the CPU: the sampled patches, by image and position."""
    sampled: np.ndarray
    """``(N, h, w) bool``: which patches of which training image are in the bank (P^(s); the others are P^(un)).
    Its True entries in C order are the bank's rows."""
    training_image_ids: tuple[str, ...]
    """The N images that could be read."""
    training_scores: TrainingScores
    """Scores of normal images for the threshold: of these, or of others that were held out."""
    training_embeddings: torch.Tensor
    """``(N, D) float32`` on the CPU, L2-normalised means of each image's patches."""
    likeness: LikenessReference
    """What a new image's likeness to the training images is measured against."""
    training_likeness: np.ndarray
    """``(K,) float64``: likeness of each image that the threshold is fitted from to the nearest training image that is
    not itself (calibration ``grouped``: of another group)."""
    config: ExpertConfig
    seed: int
    backbone_fingerprint: str
    failures: tuple[Failure, ...] = ()
    """Training images that could not be read."""
    state: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """What a model of another ``config.kind`` learnt, on the CPU; its bank has no rows. Empty: PatchCore."""

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the patches of one image."""
        return self.sampled.shape[1], self.sampled.shape[2]

    def sampled_per_image(self) -> np.ndarray:
        """``(N,) int64``: patches of each image in the bank (paper: Fig. 3)."""
        return self.sampled.sum(axis=(1, 2))

    def unsampled_per_image(self) -> np.ndarray:
        """``(N,) int64``: patches of each image left out of the bank (paper: Fig. 3)."""
        return (~self.sampled).sum(axis=(1, 2))
