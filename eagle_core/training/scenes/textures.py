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
    seed: int
    """Of the category: draws what all its images share, such as a printed motif."""

    @classmethod
    def at(
        cls, angle: float, shift: tuple[float, float], periods: tuple[float, float], cells: int, seed: int
    ) -> Lattice:
        """Axes at ``angle`` radians, shifted by pixels, with ``periods`` over the canvas."""
        u = COLUMNS * np.cos(angle) + ROWS * np.sin(angle) + shift[0]
        v = -COLUMNS * np.sin(angle) + ROWS * np.cos(angle) + shift[1]
        return cls(u, v, 2 * np.pi * periods[0] / SIDE, 2 * np.pi * periods[1] / SIDE, cells, seed)


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
    row, column, joint = _bricks(at)
    shades = rng.uniform(-0.6, 0.6, 997)
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


def motif(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """A random little picture repeated over the plane, every second row shifted."""
    fixed = np.random.default_rng(at.seed)
    width, height = fixed.uniform(10, 44, 2)
    u = at.u + (np.floor(at.v / height) % 2) * width * fixed.choice([0, 0.5])
    drawn = np.zeros((SIDE, SIDE))
    for _ in range(5):
        across, down = fixed.integers(0, 4, 2)
        phase, amplitude = fixed.uniform(0, 2 * np.pi), fixed.normal()
        drawn += amplitude * np.cos(2 * np.pi * (across * u / width + down * at.v / height) + phase)
    return np.tanh(drawn * fixed.uniform(0.5, 3)) * 0.9


def weave(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Yarns over and under each other, each with its own shade."""
    size, column, row = _crossings(at)
    over = (column + row) % 2 == 0
    across = np.where(over, np.sin(np.pi * at.u / size), np.sin(np.pi * at.v / size))
    shades = rng.uniform(-0.25, 0.25, 97)
    shade = np.where(over, shades[column % 97], shades[(row * 7) % 97])
    return np.abs(across) * 1.4 - 0.8 + shade + 0.12 * smooth_noise(rng, 90)


def hexagons(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Six-sided cells with joints."""
    cell, is_joint = _hexagons(at)
    return np.where(is_joint, -1.0, rng.uniform(-0.4, 0.6, 997)[cell % 997]) + 0.1 * smooth_noise(rng, 60)


def mosaic(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Irregular stones, laid anew in every image."""
    stone, is_joint = _stones(at, rng)
    return np.where(is_joint, 1.1 if at.cells % 2 else -1.2, rng.uniform(-0.7, 0.7, 997)[stone % 997])


def slats(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Rounded bars side by side with dark gaps, each with its own shade."""
    width = 4 * np.pi / at.first + 8
    bar, across = np.floor(at.v / width).astype(int), at.v % width / width
    gap = np.minimum(across, 1 - across) * width < 1.5
    streaks = np.interp(at.v * 1.3 + 2 * smooth_noise(rng, 5), np.arange(-400, 900), rng.normal(0, 0.15, 1300))
    return np.where(gap, -1.3, rng.uniform(-0.35, 0.35, 97)[bar % 97] + 0.5 * np.sin(np.pi * across) + streaks)


def perforated(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """A plate with regular holes, lit from one side."""
    size = 2 * np.pi / at.first + 12
    x, y = at.u % size - size / 2, at.v % size - size / 2
    away = np.hypot(x, y) / size
    rim = np.clip(1 - np.abs(away - 0.3) / 0.06, 0, 1) * np.sign(x + y)
    return np.where(away < 0.27, -1.3, 0.3 + 0.5 * rim) + 0.08 * smooth_noise(rng, 50)


def ribs(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Ridges with a bright crest."""
    wave = np.sin(at.first * at.u)
    return 0.6 * wave + 0.9 * np.clip(wave - 0.85, 0, 1) / 0.15 + 0.08 * smooth_noise(rng, 80)


def granite(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Grains of three shades."""
    fine, coarse = smooth_noise(rng, 60 + at.cells), smooth_noise(rng, 25 + at.cells // 2)
    return 0.7 * (fine > 0.6) - 0.6 * (coarse > 0.9) + 0.15 * smooth_noise(rng, 8)


def marble(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Thin veins along a bent direction."""
    bent = at.first * 0.5 * at.u + 1.6 * smooth_noise(rng, 4) + 0.4 * smooth_noise(rng, 14)
    return 0.6 - 1.4 * np.abs(np.sin(bent)) ** 0.35 + 0.2 * smooth_noise(rng, 6)


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
    "motif": ("printed sheet", motif),
    "weave": ("woven mat", weave),
    "hexagons": ("hexagonal paving", hexagons),
    "mosaic": ("stone mosaic", mosaic),
    "slats": ("slatted board", slats),
    "perforated": ("perforated plate", perforated),
    "ribs": ("ribbed sheet", ribs),
    "granite": ("granite slab", granite),
    "marble": ("marble slab", marble),
}
"""Name -> (in plain words, pattern ``(SIDE, SIDE)`` of about unit range)."""


def _bricks(at: Lattice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row and column of the brick that each pixel is of, and whether it is mortar."""
    height, width = 2 * np.pi / at.first, 4 * np.pi / at.first
    row = np.floor(at.v / height).astype(int)
    shifted = at.u + (row % 2) * width / 2
    return row, np.floor(shifted / width).astype(int), ((at.v % height) < 2) | ((shifted % width) < 2)


def _crossings(at: Lattice) -> tuple[float, np.ndarray, np.ndarray]:
    """Size of a yarn's crossing; column and row of the one that each pixel is of."""
    size = np.pi / at.first + 3
    return size, np.floor(at.u / size).astype(int), np.floor(at.v / size).astype(int)


def _hexagons(at: Lattice) -> tuple[np.ndarray, np.ndarray]:
    """Number of the cell that each pixel is of, and whether it is of a joint."""
    size = 2 * np.pi / at.first + 6
    step = size * np.sqrt(3)
    nearest, cell = np.full((SIDE, SIDE), 1e9), np.zeros((SIDE, SIDE), int)
    for lattice, (right, down) in enumerate(((0.0, 0.0), (0.5, 0.5))):
        i, j = np.round(at.u / size - right), np.round(at.v / step - down)
        away = np.hypot(at.u - (i + right) * size, at.v - (j + down) * step)
        closer = away < nearest
        nearest = np.where(closer, away, nearest)
        cell = np.where(closer, _number(2 * i + lattice, j), cell)
    return cell, nearest > 0.47 * size


def _stones(at: Lattice, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Number of the stone that each pixel is of, and whether it is of a joint; ``rng`` lays them."""
    size = max(12.0, 2 * np.pi / at.first)
    u, v = at.u / size, at.v / size
    i, j = np.floor(u).astype(int), np.floor(v).astype(int)
    jitter = rng.uniform(0.1, 0.9, (2, 997))
    nearest, second, stone = np.full((SIDE, SIDE), 9.0), np.full((SIDE, SIDE), 9.0), np.zeros((SIDE, SIDE), int)
    for right in (-1, 0, 1):
        for down in (-1, 0, 1):
            cell = _number(i + right, j + down)
            away = np.hypot(i + right + jitter[0][cell % 997] - u, j + down + jitter[1][cell % 997] - v)
            closer = away < nearest
            second = np.where(closer, nearest, np.minimum(second, away))
            stone = np.where(closer, cell, stone)
            nearest = np.where(closer, away, nearest)
    return stone, second - nearest < 0.08


def _number(column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Another one for each of some hundred columns and rows."""
    return np.asarray(column + 10_031 * row).astype(int)


TILES: dict[str, Callable[[Lattice, np.random.Generator], np.ndarray]] = {
    "bricks": lambda at, rng: _number(*_bricks(at)[1::-1]),
    "hexagons": lambda at, rng: _hexagons(at)[0],
    "mosaic": lambda at, rng: _stones(at, rng)[0],
    "weave": lambda at, rng: _number(*_crossings(at)[1:]),
}
"""Textures that are laid of pieces, any of which can be missing: number of the piece that each pixel is of, ``(SIDE, SIDE) int``, given
the generator as the pattern was.
"""
