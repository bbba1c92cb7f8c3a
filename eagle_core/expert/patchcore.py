"""anomalib's PatchCore, extended: what experts are fitted with. Judging needs only ``pooled``.

anomalib's: feature extraction from a timm model, local averaging, concatenation of the layers at the first
layer's grid. Ours, in the modules beside this one: weights that are never random (``backbone``), a coreset
that keeps track of image and position (``fit``), the nearest-neighbour search (``nearest``).
"""

from __future__ import annotations

import torch
from anomalib.models.image.patchcore.torch_model import PatchcoreModel

from eagle_core.expert.architecture import Architecture


class PatchcoreFeatures(PatchcoreModel):
    """PatchCore up to the patch features. As built, its weights are random: ``backbone`` fills them."""

    def __init__(self, architecture: Architecture, *, download: bool = False) -> None:
        """Build the network up to the last layer; ``download`` loads timm's pretrained weights into it."""
        super().__init__(
            layers=list(architecture.layers), backbone=architecture.name, pre_trained=download, num_neighbors=1
        )
        self.eval()

    @property
    def network(self) -> torch.nn.Module:
        """The timm model, without anything around it."""
        network: torch.nn.Module = self.feature_extractor.feature_extractor
        return network

    @torch.inference_mode()
    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """``(B, 3, H, W) float32`` to ``(B, D, h, w) float32`` at the first layer's grid."""
        features = self.feature_extractor(batch)
        return self.generate_embedding({layer: self.feature_pooler(f) for layer, f in features.items()})
