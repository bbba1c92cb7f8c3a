"""Silhouettes of training objects. None of them is used by the demo (a test compares the registries)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from eagle_core.training.scenes.canvas import SIDE, SUPERSAMPLING


@dataclass(frozen=True, slots=True)
class Outline:
    """Size and pose of an object in supersampled pixels."""

    x: float
    y: float
    radius: float
    aspect: float
    sides: int
    turn: float
    """Degrees."""


Silhouette = Callable[[ImageDraw.ImageDraw, Outline], None]


def oval(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    half = o.radius * o.aspect
    pen.ellipse((o.x - o.radius, o.y - half, o.x + o.radius, o.y + half), fill=255)


def plate(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    half = o.radius * o.aspect
    corner = o.radius * 0.25
    pen.rounded_rectangle((o.x - o.radius, o.y - half, o.x + o.radius, o.y + half), radius=corner, fill=255)


def polygon(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    pen.regular_polygon((o.x, o.y, o.radius), o.sides, rotation=o.turn, fill=255)


def ring(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    inner = o.radius * 0.4
    pen.ellipse((o.x - o.radius, o.y - o.radius, o.x + o.radius, o.y + o.radius), fill=255)
    pen.ellipse((o.x - inner, o.y - inner, o.x + inner, o.y + inner), fill=0)


def cross(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    arm = o.radius * 0.33
    pen.rectangle((o.x - o.radius, o.y - arm, o.x + o.radius, o.y + arm), fill=255)
    pen.rectangle((o.x - arm, o.y - o.radius, o.x + arm, o.y + o.radius), fill=255)


def gear(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    teeth = 4 * o.sides
    angles = np.radians(o.turn) + np.linspace(0, 2 * np.pi, 12 * teeth, endpoint=False)
    reach = o.radius * (0.94 + 0.06 * np.tanh(3 * np.sin(teeth * angles)))
    _polygon(pen, o, angles, reach)


def star(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    angles = np.radians(o.turn) + np.arange(2 * o.sides) * np.pi / o.sides
    reach = o.radius * np.where(np.arange(2 * o.sides) % 2, 0.65, 1.0)
    _polygon(pen, o, angles, reach)


def capsule(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    half = o.radius * 0.5 * o.aspect
    pen.rounded_rectangle((o.x - o.radius, o.y - half, o.x + o.radius, o.y + half), radius=half, fill=255)


def bracket(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    arm = o.radius * 0.7
    pen.rectangle((o.x - o.radius, o.y + o.radius - arm, o.x + o.radius, o.y + o.radius), fill=255)
    pen.rectangle((o.x - o.radius, o.y - o.radius, o.x - o.radius + arm, o.y + o.radius), fill=255)


def _polygon(pen: ImageDraw.ImageDraw, o: Outline, angles: np.ndarray, reach: np.ndarray) -> None:
    corners = np.stack([o.x + reach * np.cos(angles), o.y + reach * np.sin(angles)], axis=1)
    pen.polygon([(float(x), float(y)) for x, y in corners], fill=255)


OBJECTS: dict[str, tuple[str, Silhouette]] = {
    "oval": ("oval disc", oval),
    "plate": ("flat plate", plate),
    "polygon": ("nut", polygon),
    "ring": ("ring", ring),
    "cross": ("cross bracket", cross),
    "gear": ("gear wheel", gear),
    "star": ("star knob", star),
    "capsule": ("capsule", capsule),
    "bracket": ("corner bracket", bracket),
}
"""Name -> (in plain words, painter of the silhouette)."""


def coverage(silhouette: Silhouette, outline: Outline) -> np.ndarray:
    """``(SIDE, SIDE) float32`` in [0, 1]: how much of each pixel the object covers."""
    canvas = Image.new("L", (SIDE * SUPERSAMPLING, SIDE * SUPERSAMPLING))
    silhouette(ImageDraw.Draw(canvas), outline)
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32) / 255
