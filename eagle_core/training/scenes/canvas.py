"""The canvas that training images are painted on: size, pixel coordinates, smooth noise, colours in words."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 224
"""Pixels; every training image is SIDE x SIDE."""
ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
SUPERSAMPLING = 2

COLOR_WORDS: dict[str, tuple[int, int, int]] = {
    "black": (35, 35, 35),
    "white": (230, 230, 230),
    "grey": (128, 128, 128),
    "red": (200, 50, 50),
    "green": (60, 170, 70),
    "blue": (60, 80, 200),
    "yellow": (220, 205, 60),
    "orange": (225, 140, 50),
    "purple": (140, 60, 180),
    "brown": (125, 85, 50),
    "pink": (225, 130, 180),
    "turquoise": (70, 190, 190),
}


def random_color(rng: np.random.Generator) -> np.ndarray:
    """``(3,) float64`` RGB away from both ends of the range, so that defects can be lighter and darker; half are muted."""
    color = rng.uniform(30, 225, 3)
    muted = rng.uniform(40, 215) + rng.uniform(-22, 22, 3)
    return muted if rng.random() < 0.5 else color


def color_word(color: np.ndarray) -> str:
    """The nearest colour that has a name."""
    return min(COLOR_WORDS, key=lambda word: float(np.square(np.subtract(COLOR_WORDS[word], color)).sum()))


def smooth_noise(rng: np.random.Generator, cells: int) -> np.ndarray:
    """``(SIDE, SIDE) float32`` of mean 0 and deviation 1, smooth over SIDE / cells pixels."""
    coarse = rng.random((max(2, cells), max(2, cells))).astype(np.float32)
    field = np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    field = field - field.mean()
    return np.asarray(field / (field.std() + 1e-6), dtype=np.float32)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    """``(SIDE, SIDE) float32`` coverage in [0, 1] of an anti-aliased disc."""
    return np.asarray(np.clip(radius + 0.5 - np.hypot(COLUMNS - x, ROWS - y), 0, 1), dtype=np.float32)
