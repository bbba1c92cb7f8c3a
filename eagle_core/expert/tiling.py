"""Features of a large image tile by tile, laid back together on one grid by anomalib's tiler.

The grid is the one that the whole image would have: positions, boxes and maps need not know of tiles. A patch at a
tile's border sees less of its surroundings than in the whole image, which is why tiles should overlap.
"""

from __future__ import annotations

import torch
from anomalib.data.utils.tiler import Tiler

from eagle_core.config import TilesConfig
from eagle_core.errors import ConfigurationError
from eagle_core.expert.backbone import Backbone


def extract_tiled(backbone: Backbone, image: torch.Tensor, tiles: TilesConfig, batch_size: int) -> torch.Tensor:
    """Features of one image, averaged where tiles overlap.

    Args:
        backbone: Extracts the features of each tile.
        image: ``(1, 3, H, W) float32``; H and W are covered exactly by ``tiles``.
        tiles: How to cut.
        batch_size: Tiles per forward pass.

    Returns:
        ``(1, D, H / s, W / s) float32`` with s the backbone's stride.

    Raises:
        ConfigurationError: Tiles begin or end inside a patch.
    """
    patch = backbone.architecture.stride
    if tiles.size % patch or tiles.stride % patch:
        raise ConfigurationError(
            f"tiles.size ({tiles.size}) and tiles.stride ({tiles.stride}) must be multiples of {patch}, the pixels of one "
            f"patch of {backbone.architecture.name}"
        )
    tiler = Tiler(tile_size=tiles.size, stride=tiles.stride)
    features = torch.cat([backbone.extract(some) for some in tiler.tile(image).split(batch_size)])
    whole: torch.Tensor = tiler.untile(features)
    return whole
