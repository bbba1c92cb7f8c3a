"""The demo's defects: each kind paints a scene with one defect of a given strength and says where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from eagle_core.data.demo.arithmetic import blend, direction, distance, inside, noise, segment, sine
from eagle_core.data.demo.dice import Dice
from eagle_core.data.demo.scenery import SIZE, Coordinates, PartFault, Scene


class Flawed(NamedTuple):
    """A painted scene with a defect."""

    rgb: np.ndarray
    """``(H, W, 3) float64``, 0 to 255."""
    mask: np.ndarray
    """``(H, W) bool``."""


Defect = Callable[[Scene, Dice, float], Flawed]


def scratch(scene: Scene, dice: Dice, strength: float) -> Flawed:
    """A straight bright line."""
    painting, x, y = scene.paint(), *_pixels()
    cx, cy = _spot(painting.surface, dice)
    way, half = direction(dice.fraction()), dice.between(9, 14) + 20 * strength
    start, end = (cx - half * way[0], cy - half * way[1]), (cx + half * way[0], cy + half * way[1])
    away = segment(x, y, start, end)
    width = 0.5 + 0.6 * strength
    coverage = inside(away - width) * (0.20 + 0.55 * strength) * painting.surface
    return Flawed(blend(painting.rgb, (244, 240, 232), coverage), (away < width + 0.8) & painting.surface)


def stain(scene: Scene, dice: Dice, strength: float) -> Flawed:
    """A soft-edged discoloured patch with an uneven outline."""
    painting, x, y = scene.paint(), *_pixels()
    cx, cy = _spot(painting.surface, dice)
    radius = dice.between(9, 13) + 9 * strength
    outline = distance(x - cx, y - cy) - radius * (1 + 0.35 * noise(dice, x - cx, y - cy, radius, radius))
    coverage = inside(outline, 0.6 * radius) * painting.surface
    tint = dice.pick([(84, 64, 30), (52, 52, 56), (130, 110, 60)])
    return Flawed(blend(painting.rgb, tint, coverage * (0.12 + 0.48 * strength)), coverage > 0.4)


def crack(scene: Scene, dice: Dice, strength: float) -> Flawed:
    """A jagged dark line with one or two branches."""
    painting, x, y = scene.paint(), *_pixels()
    away = np.full(x.shape, 1e9)
    root, heading = _spot(painting.surface, dice), dice.fraction()
    for _ in range(2 + dice.index(2)):
        point, turn = root, heading
        for _ in range(3 + int(4 * strength)):
            way, length = direction(turn + dice.between(-0.11, 0.11)), dice.between(5, 10)
            following = (point[0] + length * way[0], point[1] + length * way[1])
            away = np.minimum(away, segment(x, y, point, following))
            point = following
        heading = heading + dice.between(0.3, 0.7)
    width = 0.35 + 0.55 * strength
    coverage = inside(away - width) * (0.25 + 0.60 * strength) * painting.surface
    return Flawed(blend(painting.rgb, (26, 22, 20), coverage), (away < width + 0.8) & painting.surface)


def contamination(scene: Scene, dice: Dice, strength: float) -> Flawed:
    """A cluster of small specks of one colour."""
    painting, x, y = scene.paint(), *_pixels()
    cx, cy = _spot(painting.surface, dice)
    spread, tint = dice.between(9, 15), dice.pick([(30, 28, 26), (236, 236, 230), (120, 92, 40)])
    coverage = np.zeros(x.shape)
    for _ in range(5 + int(12 * strength)):
        way, away = direction(dice.fraction()), spread * dice.fraction()
        size = dice.between(0.7, 1.3 + 1.1 * strength)
        coverage = np.maximum(coverage, inside(distance(x - cx - away * way[0], y - cy - away * way[1]) - size))
    coverage = coverage * painting.surface
    return Flawed(blend(painting.rgb, tint, coverage * (0.35 + 0.55 * strength)), coverage > 0.2)


def distortion(scene: Scene, dice: Dice, strength: float) -> Flawed:
    """A round region whose pattern is pulled to one side."""
    at, (x, y) = scene.coordinates, _pixels()
    cx, cy = _spot(scene.paint().surface, dice)
    radius, way = dice.between(20, 26) + 12 * strength, direction(dice.fraction())
    nearness = np.clip(1 - distance(x - cx, y - cy) / radius, 0, 1)
    pull = (1.5 + 9.5 * strength) * nearness * nearness * (3 - 2 * nearness)
    ripple = pull * (0.7 + 0.3 * sine((x - y) / 40))
    warped = Coordinates(at.x + way[0] * pull, at.y + way[1] * ripple)
    return Flawed(scene.paint(coordinates=warped).rgb, pull > 0.3 * (1.5 + 9.5 * strength))


def missing_part(scene: Scene, dice: Dice, strength: float) -> Flawed:
    """One part is gone; what is left of it is fainter the stronger the defect."""
    painting = scene.paint(fault=PartFault("missing", dice.fraction(), dice.fraction(), strength))
    return Flawed(painting.rgb, painting.fault)


def misplacement(scene: Scene, dice: Dice, strength: float) -> Flawed:
    """One part sits beside its place."""
    painting = scene.paint(fault=PartFault("moved", dice.fraction(), dice.fraction(), strength))
    return Flawed(painting.rgb, painting.fault)


def _pixels() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.indices((SIZE, SIZE))
    return x.astype(np.float64), y.astype(np.float64)


def _spot(surface: np.ndarray, dice: Dice) -> tuple[float, float]:
    """A random pixel of ``surface``, away from the image's border."""
    inner = np.zeros_like(surface)
    inner[16:-16, 16:-16] = surface[16:-16, 16:-16]
    rows, columns = np.nonzero(inner)
    chosen = dice.index(len(rows))
    return float(columns[chosen]), float(rows[chosen])


DEFECTS: dict[str, Defect] = {
    "scratch": scratch,
    "stain": stain,
    "crack": crack,
    "contamination": contamination,
    "distortion": distortion,
    "missing part": missing_part,
    "misplacement": misplacement,
}
"""By key of DEFECT_KINDS."""
