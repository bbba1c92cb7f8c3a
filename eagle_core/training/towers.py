"""Vision towers that alignment can be built on, frozen: stages of the packaged ImageNet backbone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from eagle_core.mllm.backbone_tokens import BackboneStages, BackboneTokens
from eagle_core.training.precision import fast_products

EXTRACTION_BATCH = 8


@dataclass(frozen=True, slots=True)
class Tower:
    """A frozen vision tower."""

    grid: int
    """Visual tokens along one side."""
    cells: int
    """Cells along one side of a token."""
    channels: int
    """Of a cell."""
    features: Callable[[np.ndarray], torch.Tensor]
    """``(B, SIDE, SIDE, 3) uint8`` to ``(B, (grid * cells)^2, channels) float32``."""


BACKBONES = {
    "lite0-196": BackboneStages(224, ("blocks.2", "blocks.4"), token=16, cell=16),
    "lite0-196-fine": BackboneStages(224, ("blocks.1", "blocks.2", "blocks.4"), token=16, cell=16),
    "lite0-49-fine": BackboneStages(224, ("blocks.1", "blocks.2", "blocks.4"), token=32, cell=32),
    "lite0-49-last": BackboneStages(224, ("blocks.2", "blocks.4", "blocks.6"), token=32, cell=32),
    "lite0-100": BackboneStages(320, ("blocks.2", "blocks.4"), token=32, cell=32),
    "lite0-100-cells": BackboneStages(320, ("blocks.2", "blocks.4"), token=32, cell=16),
}
CHOSEN = "lite0-100-cells"
"""By measured acuity (docs/embedded_mllm.md)."""


def load_tower_named(name: str) -> Tower:
    """The tower ``name`` of BACKBONES.

    Raises:
        WeightsError: The package that ships the backbone's weights is not installed.
    """
    network = BackboneTokens(BACKBONES[name])
    network.fill()
    network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return Tower(network.grid, network.cells, network.channels, partial(_backbone_features, network))


def tower_features(
    tower: Tower, shown: Mapping[str, np.ndarray], progress: Callable[[int, int], None] | None = None, *, fast: bool = False
) -> dict[str, np.ndarray]:
    """Each name of ``shown``, ``(N, SIDE, SIDE, 3) uint8``, -> ``(N, (grid * cells)^2, channels) float16``.

    Args:
        tower: Looks at the images.
        shown: Name -> images.
        progress: Called with (done, N).
        fast: With products in bfloat16 where the processor has them: some percent of noise, for training alone.
    """
    count = len(next(iter(shown.values())))
    cached = {name: np.empty((count, (tower.grid * tower.cells) ** 2, tower.channels), np.float16) for name in shown}
    with torch.inference_mode():
        for start in range(0, count, EXTRACTION_BATCH):
            part = slice(start, min(start + EXTRACTION_BATCH, count))
            for name, images in shown.items():
                with fast_products() if fast else nullcontext():
                    cached[name][part] = tower.features(images[part]).float().numpy()
            if progress:
                progress(part.stop, count)
    return cached


def _backbone_features(network: BackboneTokens, images: np.ndarray) -> torch.Tensor:
    return network.raw(network.pixels(images)).flatten(2).transpose(1, 2)
