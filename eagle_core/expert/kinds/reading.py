"""Images as batches for a model, and a model's readings image by image. Unreadable images become failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image

from eagle_core.config import ExpertConfig
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.features import ImageFeatures, open_sample
from eagle_core.expert.kinds.model import AnomalibModel, Reading
from eagle_core.expert.preprocessing import to_input
from eagle_core.geometry import ImageGeometry
from eagle_core.records import Failure, Sample


@dataclass(frozen=True, slots=True)
class ImageReading:
    """One image's score, map and features."""

    score: float
    patch_scores: torch.Tensor
    """``(h, w) float32``."""
    features: ImageFeatures


def input_batches(
    samples: Sequence[Sample], config: ExpertConfig, backbone: Backbone, batch_size: int
) -> Iterator[tuple[list[tuple[Sample, Image.Image | Failure]], torch.Tensor | None]]:
    """Samples with their image or failure, and the readable ones as ``(B, 3, H, W)``; None where none is."""
    mean, std = backbone.architecture.mean, backbone.architecture.std
    for begin in range(0, len(samples), batch_size):
        opened = [(sample, open_sample(sample)) for sample in samples[begin : begin + batch_size]]
        images = [image for _, image in opened if not isinstance(image, Failure)]
        inputs = [to_input(image, ImageGeometry.of(image.size, config.preprocessing), mean, std) for image in images]
        yield opened, torch.stack(inputs).to(backbone.device) if inputs else None


def iterate_readings(
    model: AnomalibModel, samples: Sequence[Sample], config: ExpertConfig, backbone: Backbone, batch_size: int
) -> Iterator[ImageReading | Failure]:
    """The model's reading of each sample, in their order."""
    for opened, batch in input_batches(samples, config, backbone, batch_size):
        readings = iter(()) if batch is None else _each(model.read(batch))
        for sample, image in opened:
            if isinstance(image, Failure):
                yield image
            else:
                score, patch_scores, patches = next(readings)
                grid = (patch_scores.shape[0], patch_scores.shape[1])
                yield ImageReading(score, patch_scores, ImageFeatures(sample.image_id, image.size, grid, patches))


def _each(reading: Reading) -> Iterator[tuple[float, torch.Tensor, torch.Tensor]]:
    for score, patch_scores, patches in zip(*reading, strict=True):
        yield float(score), patch_scores, patches
