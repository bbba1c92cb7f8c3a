"""Families that the demo shows too, each with random parameters: what a real multimodal LLM has seen before.

Wood, knitted fabric, caps and connectors. The demo's other families (herringbone tiles, blisters) stay out of training, and so do
the demo's own parameters and seeds: nothing here is taken from its painters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import ImageDraw
from scipy.ndimage import map_coordinates

from eagle_core.data.scene import Family
from eagle_core.training.scenes.canvas import random_color, smooth_noise
from eagle_core.training.scenes.markings import Marking
from eagle_core.training.scenes.objects import Outline, Silhouette
from eagle_core.training.scenes.parts import Part
from eagle_core.training.scenes.textures import Lattice, Texture

Look = Literal["planks", "stitches", "crimped", "housing"]
LOOKS: tuple[Look, ...] = ("planks", "stitches", "crimped", "housing")
NATURAL_SHARE = 0.6
"""Of wood and housings, in colours that they often have; the others have any."""


def planks(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Boards with grain along them, each with its own shade, and dark seams."""
    width = 4 * np.pi / at.first + 14
    board, across = np.floor(at.v / width), at.v % width
    along = at.u + 331 * board
    rings = np.sin(at.v * (0.25 + 0.02 * at.cells) + 1.2 * _streaks(along, at.v, rng, 60, 16) + board)
    fibres, pores = _streaks(along, at.v, rng, 24, 1.7), _streaks(along, at.v, rng, 11, 2)
    shades = rng.uniform(-0.3, 0.3, 61)[board.astype(int) % 61]
    wood = shades + 0.35 * rings + 0.3 * fibres - 0.8 * np.clip(pores - 1.1, 0, 1)
    seam = np.minimum(across, width - across) < 1 + at.cells % 2
    return np.where(seam, -1.5, wood)


def stitches(at: Lattice, rng: np.random.Generator) -> np.ndarray:
    """Columns of V-shaped loops of one yarn."""
    width, height = 2 * np.pi / at.first + 7, 2 * np.pi / at.second * 0.5 + 5
    x = at.u / width
    sideways = np.abs(x % 1 - 0.5)
    y = at.v / height - 2 * (0.5 - sideways)
    loop, leg = 4 * (y % 1) * (1 - y % 1), 8 * sideways * (1 - 2 * sideways)
    shades = rng.uniform(-0.1, 0.1, 997)[(np.floor(x).astype(int) * 31 + np.floor(y).astype(int) * 17) % 997]
    return 1.1 * loop + 0.7 * np.sqrt(np.clip(leg, 0, 1)) - 1 + shades + 0.12 * smooth_noise(rng, 90)


def crimped(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    """A disc with many rounded teeth."""
    teeth = 12 + 2 * o.sides
    angles = np.radians(o.turn) + np.linspace(0, 2 * np.pi, 16 * teeth, endpoint=False)
    reach = o.radius * (0.96 + 0.04 * np.sin(teeth * angles))
    corners = np.stack([o.x + reach * np.cos(angles), o.y + reach * np.sin(angles)], axis=1)
    pen.polygon([(float(x), float(y)) for x, y in corners], fill=255)


def housing(pen: ImageDraw.ImageDraw, o: Outline) -> None:
    """A long box with slightly rounded corners."""
    half = o.radius * (0.45 + 0.2 * o.aspect)
    pen.rounded_rectangle((o.x - o.radius, o.y - half, o.x + o.radius, o.y + half), radius=o.radius * 0.07, fill=255)


FAMILIAR_TEXTURES: dict[str, tuple[str, Texture]] = {"planks": ("wooden planks", planks), "stitches": ("knitted fabric", stitches)}
FAMILIAR_OBJECTS: dict[str, tuple[str, Silhouette]] = {"crimped": ("bottle cap", crimped), "housing": ("pin connector", housing)}


@dataclass(frozen=True, slots=True)
class FamiliarLook:
    """What a familiar category has instead of what any category has."""

    family: Family
    color: np.ndarray
    """Of the surface, or of the object's base."""
    parts: tuple[Part, ...] = ()
    markings: tuple[Marking, ...] = ()


def draw_look(look: Look, rng: np.random.Generator) -> FamiliarLook:
    """Colours, parts and print of one category."""
    natural = rng.random() < NATURAL_SHARE
    if look == "planks":
        brown = rng.uniform((120, 85, 45), (215, 165, 115))
        return FamiliarLook("texture", brown if natural else random_color(rng))
    if look == "stitches":
        return FamiliarLook("texture", random_color(rng))
    if look == "crimped":
        return FamiliarLook("object", random_color(rng), markings=_print(rng))
    dark = np.full(3, rng.uniform(30, 75)) + rng.uniform(-6, 6, 3)
    return FamiliarLook("object", dark if natural else random_color(rng), parts=_pins(rng))


def _print(rng: np.random.Generator) -> tuple[Marking, ...]:
    """Teeth pressed into the skirt, a printed ring and an emblem."""
    color, inner = random_color(rng), float(rng.uniform(0.4, 0.65))
    whole = {"angle": float(rng.uniform(0, 2 * np.pi)), "color": color, "strength": float(rng.uniform(0.7, 1))}
    skirt = Marking("ridges", 0.95, 1.0, 0.0, 12 + 2 * int(rng.integers(3, 9)), random_color(rng), float(rng.uniform(0.1, 0.3)))
    ring = Marking("band", inner, inner + float(rng.uniform(0.04, 0.1)), count=1, **whole)  # type: ignore[arg-type]
    emblem = Marking("emblem", 0.1, float(rng.uniform(0.4, 0.8)), count=int(rng.integers(1, 8)), **whole)  # type: ignore[arg-type]
    return (skirt, ring, emblem)


def _pins(rng: np.random.Generator) -> tuple[Part, ...]:
    """One to three rows of pins in dark sockets."""
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(3, 9))
    xs, ys = np.linspace(-0.78, 0.78, columns), (np.linspace(-0.36, 0.36, rows) if rows > 1 else np.zeros(1))
    radius = float(min(13, 0.36 * 78 * 1.56 / (columns - 1), 26 / rows))
    metal = rng.uniform((170, 140, 70), (235, 215, 200)) if rng.random() < NATURAL_SHARE else random_color(rng)
    socket, recess = rng.uniform(12, 45, 3), float(rng.uniform(1.15, 1.5))
    return tuple(Part(float(x), float(y), "block", radius, metal, socket, recess) for y in ys for x in xs)


def _streaks(u: np.ndarray, v: np.ndarray, rng: np.random.Generator, long: float, wide: float) -> np.ndarray:
    """Noise of about mean 0 and deviation 1, smooth over ``long`` pixels along u and ``wide`` along v."""
    table = rng.standard_normal((64, 64))
    return np.asarray(map_coordinates(table, np.stack([v / wide, u / long]), order=1, mode="grid-wrap") * 1.5)

