"""Patch features of a timm model, pooled as PatchCore does, without anomalib: all that judging an image needs.

Importing anomalib brings lightning, torchmetrics and matplotlib, which takes seconds. The features are those of the
anomalib subclass in ``patchcore``, bit for bit, wherever anomalib asks timm for a model's feature maps.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from eagle_core.expert.architecture import Architecture
from eagle_core.expert.lite import SIZES, LiteNetwork


def reads_feature_maps(architecture: Architecture) -> bool:
    """False where anomalib reads a transformer's blocks in a way of its own: only its subclass has those features."""
    return "vit" not in architecture.name


class PooledFeatures(torch.nn.Module):
    """PatchCore up to the patch features. As built, its weights are random: ``backbone`` fills them."""

    def __init__(self, architecture: Architecture, *, download: bool = False) -> None:
        """Build the network up to the last layer; ``download`` loads timm's pretrained weights into it."""
        super().__init__()
        light = architecture.name in SIZES and not download
        self.network = LiteNetwork(architecture.name, architecture.layers) if light else _of_timm(architecture, download=download)
        self.eval()

    @torch.inference_mode()
    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """``(B, 3, H, W) float32`` to ``(B, D, h, w) float32`` at the first layer's grid.

        Each layer is averaged over 3 x 3 patches (paper: section 3.1, PatchCore's neighbourhood) and the deeper ones
        are brought to the size of the first.
        """
        first, *deeper = (functional.avg_pool2d(f, kernel_size=3, stride=1, padding=1) for f in self.network(batch))
        size = first.shape[-2:]
        for features in deeper:
            first = torch.cat((first, functional.interpolate(features, size=size, mode="bilinear")), dim=1)
        return first


def _of_timm(architecture: Architecture, *, download: bool) -> torch.nn.Module:
    import timm  # brings torchvision and torch's compiler: not before a network of it is built

    network: torch.nn.Module = timm.create_model(
        architecture.name,
        pretrained=download,
        features_only=True,
        # As anomalib builds it: some activations are computed otherwise in a model that can be exported.
        exportable=True,
        out_indices=architecture.indices,
    )
    return network
