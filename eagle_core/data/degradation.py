"""Images as a worse camera or another light would have taken them: for robustness experiments, on test images only."""

from __future__ import annotations

import hashlib

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from eagle_core.config import DegradationConfig


def degrade(image: Image.Image, config: DegradationConfig, *, seed: int, image_id: str) -> Image.Image:
    """``image`` (RGB) under ``config``, same size; noise depends on ``seed`` and ``image_id`` alone.

    Light comes first, then the lens (blur), the sensor (resolution, noise).
    """
    if config.brightness != 1:
        image = ImageEnhance.Brightness(image).enhance(config.brightness)
    if config.contrast != 1:
        image = ImageEnhance.Contrast(image).enhance(config.contrast)
    if config.blur > 0:
        image = image.filter(ImageFilter.GaussianBlur(config.blur))
    if config.resolution < 1:
        small = [max(1, round(side * config.resolution)) for side in image.size]
        image = image.resize((small[0], small[1]), Image.Resampling.BOX).resize(image.size, Image.Resampling.BILINEAR)
    if config.noise > 0:
        digest = hashlib.sha256(f"{seed}:{image_id}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
        noisy = np.asarray(image, dtype=np.float64) + config.noise * rng.standard_normal((image.height, image.width, 3))
        image = Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return image
