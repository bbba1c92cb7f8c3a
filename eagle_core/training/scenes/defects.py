"""Painters of surface defects. Each changes ``image`` in place and returns the coverage of what it painted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from eagle_core.training.scenes.canvas import COLUMNS, ROWS, SIDE, SUPERSAMPLING, disc, smooth_noise

Painter = Callable[[np.ndarray, tuple[float, float], float, np.random.Generator], np.ndarray]
"""(image ``(SIDE, SIDE, 3) float32``, centre x, y, strength in [0, 1], generator) -> coverage."""


def scratch(image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator) -> np.ndarray:
    return _line(image, at, strength, rng, bend=float(rng.normal(0, 0.3)))


def thread(image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator) -> np.ndarray:
    return _line(image, at, strength, rng, bend=float(rng.choice([-1, 1]) * rng.uniform(1.2, 3.2)))


def stain(image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator) -> np.ndarray:
    x, y = at
    distance = np.hypot((COLUMNS - x) * rng.uniform(0.7, 1.3), ROWS - y) * (1 + 0.12 * smooth_noise(rng, 8))
    covered = np.clip((rng.uniform(8, 30) - distance) / 5 + 0.5, 0, 1)
    tint = rng.uniform(-1, 1, 3) * (30 + 80 * strength) + rng.choice([-1, 1]) * (10 + 30 * strength)
    image += covered[..., None] * tint
    return np.asarray(covered)


def hole(image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator) -> np.ndarray:
    covered = disc(*at, float(rng.uniform(4, 14)))
    image *= 1 - covered[..., None] * (0.4 + 0.5 * strength)
    return covered


def dent(image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator) -> np.ndarray:
    x, y = at
    radius, angle = rng.uniform(8, 26), rng.uniform(0, 2 * np.pi)
    distance = np.hypot(COLUMNS - x, ROWS - y) / radius
    slope = ((COLUMNS - x) * np.cos(angle) + (ROWS - y) * np.sin(angle)) / radius
    image += (slope * np.exp(-1.5 * distance**2) * (40 + 90 * strength))[..., None]
    return np.asarray(np.clip(1.3 - distance, 0, 1))


def foreign_patch(image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator) -> np.ndarray:
    """Another place of the same image, turned and recoloured, laid over this one."""
    x, y = at
    distance = np.hypot((COLUMNS - x) * rng.uniform(0.6, 1.5), ROWS - y) * (1 + 0.25 * smooth_noise(rng, 9))
    covered = np.clip(rng.uniform(8, 24) - distance + 0.5, 0, 1)
    moved = np.roll(np.rot90(image, int(rng.integers(1, 4))), rng.integers(20, SIDE - 20, 2), axis=(0, 1))
    recoloured = moved[..., rng.permutation(3)] + rng.uniform(-50, 50, 3) * strength
    weight = (covered * (0.3 + 0.7 * strength))[..., None]
    image *= 1 - weight
    image += weight * recoloured
    return np.asarray(covered)


def contamination(image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator) -> np.ndarray:
    """A loose cluster of specks of one colour."""
    x, y = at
    spread, tint = rng.uniform(7, 22), rng.choice([rng.uniform(15, 60, 3), rng.uniform(200, 245, 3), rng.uniform(40, 200, 3)])
    covered = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(int(rng.integers(5, 9 + int(14 * strength)))):
        turn, away = rng.uniform(0, 2 * np.pi), spread * rng.random()
        speck = disc(x + away * np.cos(turn), y + away * np.sin(turn), float(rng.uniform(0.5, 1.2 + 1.4 * strength)))
        covered = np.maximum(covered, speck)
    weight = (covered * (0.3 + 0.6 * strength))[..., None]
    image *= 1 - weight
    image += weight * tint
    return covered


def bite(body: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Coverage of an irregular piece at the edge of ``body`` (coverage ``(SIDE, SIDE)``), for a chip: the stronger, the larger."""
    inside = body > 0.5
    edge = np.flatnonzero((inside != np.roll(inside, 1, axis=0)) | (inside != np.roll(inside, 1, axis=1)))
    row, column = divmod(int(edge[rng.integers(len(edge))]), SIDE)
    distance = np.hypot(COLUMNS - column, ROWS - row) * (1 + 0.2 * smooth_noise(rng, 14))
    return np.asarray(np.clip(rng.uniform(5, 8) + 13 * strength - distance + 0.5, 0, 1) * body)


def _line(
    image: np.ndarray, at: tuple[float, float], strength: float, rng: np.random.Generator, bend: float
) -> np.ndarray:
    """A line through ``at``, curved by ``bend`` radians, lighter or darker than what is under it."""
    length, angle, points = rng.uniform(25, 95), rng.uniform(0, 2 * np.pi), 24
    heading = angle + bend * np.linspace(-0.5, 0.5, points)
    x, y = np.cumsum(np.cos(heading)), np.cumsum(np.sin(heading))
    path = np.stack([x - x.mean(), y - y.mean()], axis=1) * length / points + np.asarray(at)
    canvas = Image.new("L", (SIDE * SUPERSAMPLING, SIDE * SUPERSAMPLING))
    width = int(rng.integers(2, 4 * SUPERSAMPLING))
    ImageDraw.Draw(canvas).line([tuple(p) for p in path * SUPERSAMPLING], fill=255, width=width, joint="curve")
    covered = np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32) / 255
    tint = rng.choice([-1, 1]) * (30 + 90 * strength) * rng.uniform(0.7, 1, 3)
    image += covered[..., None] * tint
    return covered


DEFECTS: dict[str, Painter] = {
    "scratch": scratch,
    "thread": thread,
    "stain": stain,
    "hole": hole,
    "dent": dent,
    "foreign patch": foreign_patch,
    "contamination": contamination,
}
"""Kinds painted on any surface."""
CHIP = "chip"
"""Befalls the edge of an object."""
PART_DEFECTS = ("missing part", "color change")
"""Kinds that befall a part of an object; only comparing with a normal image shows them."""
TRAINING_KINDS = (*DEFECTS, CHIP, *PART_DEFECTS)
