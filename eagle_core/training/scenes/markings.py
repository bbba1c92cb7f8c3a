"""What is printed, pressed or milled on the body of training objects: the same in every image of a category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eagle_core.training.scenes.canvas import COLUMNS, ROWS, random_color

MarkingShape = Literal["band", "panel", "ridges", "stroke", "emblem"]
SHAPES: tuple[MarkingShape, ...] = ("band", "panel", "ridges", "stroke", "emblem")


@dataclass(frozen=True, slots=True)
class Marking:
    """One marking; lengths in radii of the object."""

    shape: MarkingShape
    inner: float
    outer: float
    angle: float
    count: int
    color: np.ndarray
    strength: float
    """Opacity in [0, 1]."""


def draw_markings(rng: np.random.Generator) -> tuple[Marking, ...]:
    """None to four markings."""
    return tuple(_draw(rng) for _ in range(int(rng.integers(0, 5))))


def paint_markings(
    image: np.ndarray, markings: tuple[Marking, ...], at: tuple[float, float], radius: float, turn: float, body: np.ndarray
) -> None:
    """Paint on ``body`` (coverage ``(SIDE, SIDE)``) in place, around pixel ``at``, turned by ``turn`` radians."""
    x, y = (COLUMNS - at[0]) / radius, (ROWS - at[1]) / radius
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    for marking in markings:
        weight = (_PAINTERS[marking.shape](marking, x, y, radius) * marking.strength * body)[..., None]
        image *= 1 - weight
        image += weight * marking.color


def _draw(rng: np.random.Generator) -> Marking:
    inner = float(rng.uniform(0.1, 0.85))
    return Marking(
        shape=SHAPES[int(rng.integers(len(SHAPES)))],
        inner=inner,
        outer=inner + float(rng.uniform(0.04, 0.3)),
        angle=float(rng.uniform(0, 2 * np.pi)),
        count=int(rng.integers(3, 40)),
        color=random_color(rng),
        strength=float(rng.uniform(0.25, 1)),
    )


def _band(m: Marking, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    away = np.hypot(x, y)
    return _inside(np.maximum(m.inner - away, away - m.outer), radius)


def _panel(m: Marking, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return _inside(np.maximum(np.abs(x) - m.inner, np.abs(y) - m.inner * 0.7), radius)


def _ridges(m: Marking, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return _inside(m.inner - np.hypot(x, y), radius) * (0.5 + 0.5 * np.sin(m.count * np.arctan2(y, x)))


def _stroke(m: Marking, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    along, across = x * np.cos(m.angle) + y * np.sin(m.angle), y * np.cos(m.angle) - x * np.sin(m.angle)
    return _inside(np.maximum(np.abs(along) - m.outer, np.abs(across - 0.5 * m.inner) - 0.04), radius)


def _emblem(m: Marking, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    petals = 1 + 0.5 * np.cos((2 + m.count % 5) * np.arctan2(y, x) + m.angle)
    return _inside(np.hypot(x, y) - 0.45 * m.outer * petals, radius)


def _inside(signed: np.ndarray, radius: float) -> np.ndarray:
    """Coverage from the signed distance in radii, anti-aliased over a pixel."""
    return np.clip(0.5 - signed * radius, 0, 1)


_PAINTERS = {"band": _band, "panel": _panel, "ridges": _ridges, "stroke": _stroke, "emblem": _emblem}
