"""An RGB image as the backbone's input tensor. The way back is ``eagle_core.geometry``'s."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from eagle_core.geometry import ImageGeometry


def to_input(
    image: Image.Image,
    geometry: ImageGeometry,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> torch.Tensor:
    """Resize (bilinear, antialiased), crop and normalise one image.

    Args:
        image: RGB, of ``geometry.image_size``.
        geometry: How to resize and crop.
        mean: Per channel, of values in 0..1.
        std: Per channel, of values in 0..1.

    Returns:
        ``(3, H, W) float32`` of ``geometry.input_size``.
    """
    left, top = geometry.crop_origin
    width, height = geometry.input_size
    resized = image.resize(geometry.resized_size, Image.Resampling.BILINEAR)
    pixels = np.asarray(resized.crop((left, top, left + width, top + height)), dtype=np.float32) / 255
    normalised = (pixels - np.array(mean, dtype=np.float32)) / np.array(std, dtype=np.float32)
    return torch.from_numpy(normalised.transpose(2, 0, 1).copy())
