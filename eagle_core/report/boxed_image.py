"""A test image as people look at it: small, with the expert's boxes and the outline of the true defect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image
from scipy.ndimage import binary_dilation

from eagle_core.data.images import read_image_of
from eagle_core.data.masks import read_masks_of
from eagle_core.guidance.overlay import draw_boxes
from eagle_core.records import Box, Sample
from eagle_core.report import style

PIXELS = 288
"""Longer side."""


def small_boxed(sample: Sample, boxes: Sequence[Box], line_width: int) -> Image.Image:
    """Drawn after shrinking: lines of two pixels on a large photograph would vanish on the sheet."""
    image = read_image_of(sample)
    shrink = min(1.0, PIXELS / max(image.size))
    size = (max(1, round(image.width * shrink)), max(1, round(image.height * shrink)))
    small = image.resize(size, Image.Resampling.LANCZOS)
    if sample.mask_path is not None:
        mask = Image.fromarray(read_masks_of(sample, image.size).defective.astype(np.float32))
        small = _outlined(small, np.asarray(mask.resize(size, Image.Resampling.BOX)) > 0, line_width)
    return draw_boxes(small, [_scaled(box, shrink) for box in boxes], line_width)


def _scaled(box: Box, factor: float) -> Box:
    x0, y0 = round(box.x0 * factor), round(box.y0 * factor)
    return Box(x0, y0, max(x0 + 1, round(box.x1 * factor)), max(y0 + 1, round(box.y1 * factor)), box.score)


def _outlined(image: Image.Image, mask: np.ndarray, line_width: int) -> Image.Image:
    """The edge of the mask in the colour of the ground truth, just outside of it."""
    edge = binary_dilation(mask, iterations=line_width) & ~mask
    pixels = np.asarray(image).copy()
    pixels[edge] = np.round(255 * np.array(to_rgb(style.GROUND_TRUTH)))
    return Image.fromarray(pixels)
