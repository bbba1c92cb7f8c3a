"""The anomaly map as a transparent PNG to lie over the image: the higher a score, the less shows through."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from eagle_core.config import PreprocessingConfig
from eagle_core.geometry import ImageGeometry

LONGEST_SIDE = 640
"""Pixels of the PNG; a page scales it to the image."""
COLD, WARM, HOT = np.array([20, 11, 52]), np.array([229, 92, 48]), np.array([252, 255, 164])
"""Dark violet, orange and pale yellow: even steps for every kind of colour vision."""


def heat_map_png(
    patch_scores: np.ndarray, image_size: tuple[int, int], preprocessing: PreprocessingConfig, *, tau: float
) -> bytes:
    """RGBA PNG in the image's proportions.

    Args:
        patch_scores: ``(h, w) float32``.
        image_size: (width, height) of the original image in pixels.
        preprocessing: With which the scores were made.
        tau: Opacity is full from here on, and nothing where the score is 0.
    """
    scale = min(1.0, LONGEST_SIDE / max(image_size))
    size = (max(1, round(image_size[0] * scale)), max(1, round(image_size[1] * scale)))
    geometry = ImageGeometry.of(size, preprocessing)
    height = geometry.to_original(patch_scores) / max(tau, 1e-12)
    # Colours reach up to the image's own highest score, so that a far outlier still shows where it is worst.
    level = np.clip(height / max(1.5, float(height.max())), 0, 1)[..., None]
    colour = np.where(level < 0.5, COLD + (WARM - COLD) * level * 2, WARM + (HOT - WARM) * (level - 0.5) * 2)
    opacity = np.clip(height, 0, 1) ** 2 * geometry.inspected_mask()
    pixels = np.dstack([colour, opacity * 255]).round().astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "PNG")
    return out.getvalue()
