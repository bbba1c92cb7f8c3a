"""RAD: the most similar training images are retrieved, and patches are compared with theirs at the same place."""

from __future__ import annotations

from typing import Any

from anomalib.models.image.rad.torch_model import RadModel

from eagle_core.expert.architecture import Architecture
from eagle_core.expert.kinds.model import AnomalibModel, Batches
from eagle_core.expert.kinds.transformer import block_numbers


class Rad(AnomalibModel):
    """anomalib's ``RadModel``. It keeps the patches of every training image."""

    def __init__(self, architecture: Architecture) -> None:
        self.rad: Any = RadModel(backbone=architecture.name, pre_trained=False, layers=block_numbers(architecture, "rad"))
        super().__init__(self.rad, self.rad.feature_extractor, architecture)

    def fit(self, batches: Batches) -> None:
        """Store the images' tokens."""
        self.rad.train()
        for batch in batches():
            self.rad(batch)
        self.rad.build_memory_bank()
        self.rad.eval()
