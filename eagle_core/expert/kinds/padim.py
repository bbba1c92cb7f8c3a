"""PaDiM: no bank; at each place a Gaussian of the normal features, and the Mahalanobis distance from it."""

from __future__ import annotations

from typing import Any

import torch
from anomalib.models.image.padim.torch_model import PadimModel

from eagle_core.expert.architecture import Architecture
from eagle_core.expert.kinds.model import AnomalibModel, Batches

CHANNELS = 100
"""Drawn from the features; anomalib's number for a ResNet-18."""


class Padim(AnomalibModel):
    """anomalib's ``PadimModel``. Parts must lie in the same place in every image."""

    def __init__(self, architecture: Architecture, seed: int) -> None:
        # It draws its channels from torch's global generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.padim: Any = PadimModel(
                backbone=architecture.name,
                layers=list(architecture.layers),
                pre_trained=False,
                n_features=min(CHANNELS, architecture.dimension),
            )
        super().__init__(self.padim, self.padim.feature_extractor, architecture)

    def fit(self, batches: Batches) -> None:
        """Mean and covariance at each place."""
        self.padim.train()
        for batch in batches():
            self.padim(batch)
        self.padim.fit()
        self.padim.eval()
