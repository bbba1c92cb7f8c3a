"""The packaged ImageNet backbone as a vision tower: some of its stages and each cell's mean colour, folded into visual tokens.

FastVLM's class takes one map of a timm network: ``BackboneTokens`` is one, which timm knows by name as soon as this module is
imported, so that ``from_pretrained`` builds it.

What is finer than a token is folded into it (neighbours become channels), so that fewer tokens cost no detail. Where a token has
several cells, one learnt layer reads each of them alike first: what is learnt at one place of a token is known at the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from timm.models import register_model
from torch import nn
from torch.nn import functional

from eagle_core.expert.lite import MEAN, STD, LiteNetwork, lite_stages
from eagle_core.expert.packaged import read_packaged
from eagle_core.expert.weights import fill

BACKBONE = "tf_efficientnet_lite0"
CELL_WIDTH = 128
"""Of the layer that reads the cells of a token."""
LEAST_DEVIATION = 1e-3
COLORS = 3
"""Channels of the mean colour: the stages hardly tell one colour from another."""
PLACES = 3
"""Waves along each axis: a convolution does not know where it is."""


@dataclass(frozen=True, slots=True)
class BackboneStages:
    """Which stages of the backbone make a token, at which size of input."""

    side: int
    """Pixels that an image is enlarged to."""
    stages: tuple[str, ...]
    token: int
    """Side of a token in those pixels."""
    cell: int
    """Side of a cell: divides ``token``, and is a multiple of every stage's stride."""


class BackboneTokens(nn.Module):
    """Stages of the backbone, frozen, and the learnt layer that reads its cells, folded into a square of visual tokens."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, shape: BackboneStages) -> None:
        """As built, its weights are random, and nothing is standardised."""
        super().__init__()
        known = lite_stages(BACKBONE)
        self.side, self.grid, self.cells = shape.side, shape.side // shape.token, shape.token // shape.cell
        self.network = LiteNetwork(BACKBONE, shape.stages).requires_grad_(False)
        # Stages above the last one that is wanted are never computed, and would be half of a checkpoint.
        del self.network.blocks[int(shape.stages[-1].removeprefix("blocks.")) + 1 :]
        self.channels = sum(known[stage][0] * (shape.cell // known[stage][1]) ** 2 for stage in shape.stages) + COLORS
        self.reader = cell_reader(self.channels, self.cells)
        self.width = (self.channels if self.cells == 1 else CELL_WIDTH) * self.cells**2 + 2 * PLACES
        """Channels of a token."""
        self.register_buffer("mean", torch.zeros(self.channels))
        self.register_buffer("deviation", torch.ones(self.channels))

    def fill(self) -> None:
        """Take the packaged weights.

        Raises:
            WeightsError: The package that ships them is not installed.
        """
        fill(self.network, read_packaged(BACKBONE), f"packaged for {BACKBONE}")

    def standardise(self, raw: np.ndarray, sample: int = 100) -> None:
        """Bring every channel to mean 0 and deviation 1 over the first images of ``raw`` ``(N, cells, channels)``."""
        seen = torch.from_numpy(raw[:sample].astype(np.float32)).flatten(0, 1)
        self.mean.copy_(seen.mean(0))
        self.deviation.copy_(seen.std(0) + LEAST_DEVIATION)

    def pixels(self, images: np.ndarray) -> torch.Tensor:
        """``(B, H, W, 3) uint8`` to ``(B, 3, side, side) float32``, normalised as the weights expect it."""
        shown = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
        shown = (shown - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
        if shown.shape[-2:] != (self.side, self.side):
            shown = functional.interpolate(shown, size=(self.side, self.side), mode="bilinear")
        return shown

    def raw(self, pixels: torch.Tensor) -> torch.Tensor:
        """``(B, 3, side, side)`` to what the frozen stages say of each cell, and its colour: ``(B, channels, grid * cells, grid * cells)``."""
        cells = self.grid * self.cells
        pixels = pixels.to(memory_format=torch.channels_last)  # a third faster on processors
        folded = [functional.pixel_unshuffle(found, found.shape[-1] // cells) for found in self.network(pixels)]
        return torch.cat([*folded, functional.adaptive_avg_pool2d(pixels, cells)], dim=1)

    def finished(self, raw: torch.Tensor) -> torch.Tensor:
        """Standardised, read, and with the token's place beside it: ``(B, width, grid, grid)``."""
        read = self.reader((raw - self.mean[:, None, None]) / self.deviation[:, None, None])
        along = (torch.arange(self.grid, device=raw.device, dtype=raw.dtype) + 0.5) / self.grid
        waves = torch.cos(torch.pi * torch.arange(1, PLACES + 1, device=raw.device, dtype=raw.dtype)[:, None] * along)
        down, across = waves[:, :, None].expand(-1, -1, self.grid), waves[:, None].expand(-1, self.grid, -1)
        return torch.cat([read, torch.cat([down, across]).expand(len(raw), -1, -1, -1)], dim=1)

    def forward_features(self, pixels: torch.Tensor) -> torch.Tensor:
        """What FastVLM's projector is given."""
        return self.finished(self.raw(pixels))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """As ``forward_features``."""
        return self.forward_features(pixels)


@register_model
def eagle_backbone_tokens(
    pretrained: bool = False, *, side: int, stages: Sequence[str], token: int, cell: int, **_: Any
) -> BackboneTokens:
    """For timm, whose other arguments (classes, pretrained configuration) mean nothing here; weights come with the checkpoint."""
    return BackboneTokens(BackboneStages(side, tuple(stages), token, cell))


def cell_reader(channels: int, cells: int) -> nn.Module:
    """``(B, channels, H, W)`` to tokens of ``cells`` x ``cells`` cells; tokens of one cell are left as they are."""
    if cells == 1:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(channels, CELL_WIDTH, 1), nn.GELU(), nn.PixelUnshuffle(cells))
