"""Patch features of images, one after the other, computed in batches. Unreadable images become failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image

from eagle_core.config import ExpertConfig
from eagle_core.data.images import read_image_of
from eagle_core.errors import DataError
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.preprocessing import to_input
from eagle_core.geometry import ImageGeometry
from eagle_core.records import Failure, Sample


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """The patch features of one image."""

    image_id: str
    image_size: tuple[int, int]
    """(width, height) of the original image."""
    grid: tuple[int, int]
    """(h, w) of the patches."""
    patches: torch.Tensor
    """``(h * w, D) float32``, row by row."""

    @property
    def embedding(self) -> torch.Tensor:
        """``(D,) float32``: mean of the patches, L2-normalised; what retrieval compares."""
        return torch.nn.functional.normalize(self.patches.mean(dim=0), dim=0)


FeatureReader = Callable[[Backbone, Sequence[Sample], ExpertConfig, int], Iterator["ImageFeatures | Failure"]]
"""``iterate_features``, or what finds some of its results elsewhere."""


def iterate_features(
    backbone: Backbone, samples: Sequence[Sample], config: ExpertConfig, batch_size: int
) -> Iterator[ImageFeatures | Failure]:
    """Features of each sample, or why it has none, in the order of ``samples``.

    Of ``config`` the preprocessing, the tiles and the distance are read (cosine: unit vectors). With tiles, images are
    read one by one, and ``batch_size`` counts tiles.
    """
    at_once = batch_size if config.tiles is None else 1
    for begin in range(0, len(samples), at_once):
        batch = [(sample, open_sample(sample)) for sample in samples[begin : begin + at_once]]
        readable = [image for _, image in batch if not isinstance(image, Failure)]
        features = iter(_features(backbone, readable, config, batch_size) if readable else ())
        for sample, image in batch:
            if isinstance(image, Failure):
                yield image
            else:
                grid, patches = next(features)
                yield ImageFeatures(sample.image_id, image.size, grid, patches)


def open_sample(sample: Sample) -> Image.Image | Failure:
    """The sample's RGB image, or why it cannot be read."""
    try:
        return read_image_of(sample)
    except DataError as error:
        return Failure(sample.image_id, str(error))


def _features(
    backbone: Backbone, images: list[Image.Image], config: ExpertConfig, batch_size: int
) -> list[tuple[tuple[int, int], torch.Tensor]]:
    mean, std = backbone.architecture.mean, backbone.architecture.std
    inputs = [to_input(image, ImageGeometry.of(image.size, config.preprocessing), mean, std) for image in images]
    if config.tiles is None:
        extracted = backbone.extract(torch.stack(inputs))
    else:
        # Behind it is all of anomalib's data package, for which whole images need not wait.
        from eagle_core.expert.tiling import extract_tiled

        extracted = extract_tiled(backbone, inputs[0][None], config.tiles, batch_size)
    if config.distance == "cosine":
        extracted = torch.nn.functional.normalize(extracted, dim=1)
    grid = (extracted.shape[2], extracted.shape[3])
    return [(grid, one.flatten(1).T) for one in extracted]
