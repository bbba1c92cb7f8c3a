"""Patterns of training surfaces. None of them is used by the demo (a test compares the registries)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eagle_core.training.scenes.canvas import COLUMNS, ROWS, SIDE, smooth_noise


@dataclass(frozen=True, slots=True)
class Lattice:
    """Where a pattern lies: its axes, turned and shifted for one image, and its two frequencies."""

    u: np.ndarray
    v: np.ndarray
    first: float
    """Radians per pixel along u."""
    second: float
    cells: int

    @classmethod
    def at(
        cls, angle: float, shift: tuple[float, float], periods: tuple[float, float], cells: int
    ) -> Lattice:
        """Axes at ``angle`` radians, shifted by pixels, with ``periods`` over the canvas."""
        u = COLUMNS * np.cos(angle) + ROWS * np.sin(angle) + shift[0]
        v = -COLUMNS * np.sin(angle) + ROWS * np.cos(angle) + shift[1]
        return cls(u, v, 2 * np.pi * periods[0] / SIDE, 2 * np.pi * periods[1] / SIDE, cells)


Texture = Callable[[Lattice, np.random.Generator], np.ndarray]


def stripes(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return np.sin(at.first * at.u)


def mesh(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return np.maximum(np.cos(at.first * at.u), np.cos(at.first * at.v)) * 1.5 - 0.8


def quilt(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return np.sin(at.first * at.u) * np.sin(at.second * at.v) * 1.5


def cloud(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return smooth_noise(rng, at.cells) * 0.7


def checks(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return np.sign(np.sin(at.first * at.u) * np.sin(at.second * at.v)) * 0.8


def dots(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return np.where(np.sin(at.first * at.u) * np.sin(at.first * at.v) > 0.4, 1.0, -0.4)


def waves(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return 0.6 * np.sin(at.first * at.u + smooth_noise(rng, 4)) + 0.25 * smooth_noise(rng, at.cells)


def plain(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return 0.15 * smooth_noise(rng, 6)


def bricks(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Running bond with mortar; every brick has its own shade in every image."""
    height, width = 2 * np.pi / at.first, 4 * np.pi / at.first
    row = np.floor(at.v / height).astype(int)
    shifted = at.u + (row % 2) * width / 2
    column = np.floor(shifted / width).astype(int)
    shades = rng.uniform(-0.6, 0.6, 997)
    joint = ((at.v % height) < 2) | ((shifted % width) < 2)
    mortar = 1.4 if at.cells % 2 else -1.6
    return np.where(joint, mortar, shades[(row * 31 + column * 17) % 997] + 0.1 * smooth_noise(rng, 70))


def zigzag(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    return np.sin(at.first * (at.v + np.abs((at.u % 24) - 12)))


def scales(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Overlapping arcs."""
    size = 2 * np.pi / at.first * 1.2
    row = np.floor(at.v / size)
    across = (at.u + (row % 2) * size / 2) % size - size / 2
    return np.cos(np.hypot(across, at.v % size) / size * 2 * np.pi) * 0.9


def hatch(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Brushed: noise drawn out along one direction."""
    return np.sin(at.v * 1.1 + 1.5 * smooth_noise(rng, 9)) * smooth_noise(rng, 12) * 0.5 + 0.15 * smooth_noise(rng, 100)


TEXTURES: dict[str, tuple[str, Texture]] = {
    "stripes": ("striped sheet", stripes),
    "mesh": ("mesh", mesh),
    "quilt": ("quilted sheet", quilt),
    "cloud": ("mottled sheet", cloud),
    "checks": ("checkered sheet", checks),
    "dots": ("dotted sheet", dots),
    "waves": ("wavy sheet", waves),
    "plain": ("plain sheet", plain),
    "bricks": ("brick wall", bricks),
    "zigzag": ("zigzag sheet", zigzag),
    "scales": ("scaly sheet", scales),
    "hatch": ("brushed sheet", hatch),
}
"""Name -> (in plain words, pattern ``(SIDE, SIDE)`` of about unit range)."""
