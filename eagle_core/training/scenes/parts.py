"""Parts mounted on training objects: where they sit and how they look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eagle_core.training.scenes.canvas import COLUMNS, ROWS, disc, random_color

PartShape = Literal["dot", "block", "ring", "slotted"]
SHAPES: tuple[PartShape, ...] = ("dot", "block", "ring", "slotted")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: position relative to the object's centre in radii (before the object's aspect), and its looks."""

    x: float
    y: float
    shape: PartShape
    radius: float
    """Pixels."""
    color: np.ndarray
    socket: np.ndarray | None
    """Colour of the hole under it, seen when it is missing; None: nothing is under it."""
    recess: float
    """Radius of the socket in radii of the part; above 1 it shows around the part."""


def draw_parts(rng: np.random.Generator) -> tuple[Part, ...]:
    """The parts of a category: on a circle or in rows, alike or in a few colours."""
    places = _circle(rng) if rng.random() < 0.45 else _rows(rng)
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    palette = [random_color(rng) for _ in range(int(rng.integers(1, 4)))]
    socket = random_color(rng) * 0.6 if rng.random() < 0.5 else None
    nearest = min((np.hypot(a - c, b - d) for a, b in places for c, d in places if (a, b) != (c, d)), default=1.0)
    radius = float(rng.uniform(0.25, 0.4) * nearest * 80)
    recess = float(rng.uniform(1.1, 1.4)) if rng.random() < 0.5 else 1.0
    return tuple(
        Part(x, y, shape, min(radius, 24.0), palette[int(rng.integers(len(palette)))], socket, recess)
        for x, y in places
    )


def paint_part(image: np.ndarray, part: Part, at: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Paint ``part`` at pixels ``at`` in place; slots turn freely from image to image. Returns its coverage."""
    x, y = at
    if part.recess > 1 and part.socket is not None:
        _mix(image, _cover(part, at, part.recess), part.socket)
    covered = _cover(part, at)
    # A bevel, so that parts look mounted rather than printed.
    light = 12 * np.clip((x - COLUMNS + y - ROWS) / part.radius, -1.5, 1.5)
    _mix(image, covered, part.color + light[..., None])
    if part.shape == "slotted":
        angle = float(rng.uniform(0, np.pi))
        across = np.abs((COLUMNS - x) * np.sin(angle) - (ROWS - y) * np.cos(angle))
        along = np.hypot(COLUMNS - x, ROWS - y)
        _mix(image, np.clip(1.6 - across, 0, 1) * (along < 0.75 * part.radius), part.color * 0.6)
    return covered


def paint_socket(image: np.ndarray, part: Part, at: tuple[float, float]) -> np.ndarray:
    """Paint what is left where ``part`` is missing; returns the part's coverage."""
    if part.socket is not None:
        _mix(image, _cover(part, at, part.recess), part.socket)
    return _cover(part, at)


def _cover(part: Part, at: tuple[float, float], scale: float = 1.0) -> np.ndarray:
    x, y = at
    radius = part.radius * scale
    if part.shape == "block":
        reach = np.maximum(np.abs(COLUMNS - x) * 1.3, np.abs(ROWS - y) * 0.9)
        return np.asarray(np.clip(radius + 0.5 - reach, 0, 1), np.float32)
    covered = disc(x, y, radius)
    return covered - disc(x, y, radius * 0.5) if part.shape == "ring" and scale == 1 else covered


def _mix(image: np.ndarray, covered: np.ndarray, color: np.ndarray) -> None:
    image *= 1 - covered[..., None]
    image += covered[..., None] * color


def _circle(rng: np.random.Generator) -> list[tuple[float, float]]:
    count, reach, first = int(rng.integers(2, 9)), float(rng.uniform(0.45, 0.65)), float(rng.uniform(0, 2 * np.pi))
    angles = first + 2 * np.pi * np.arange(count) / count
    return [(float(reach * np.cos(a)), float(reach * np.sin(a))) for a in angles]


def _rows(rng: np.random.Generator) -> list[tuple[float, float]]:
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(2, 7))
    spread = float(rng.uniform(0.5, 0.7))
    xs = np.linspace(-spread, spread, columns)
    ys = np.linspace(-spread, spread, rows) if rows > 1 else np.zeros(1)
    return [(float(x), float(y)) for y in ys for x in xs]
