"""Photographs a specimen: pose, light, dust and sensor noise, the same for normal and defective ones.

Most photographs are nearly perfect. The amounts are heavy-tailed, so that a few normal ones are odd enough
to look defective to an expert: a demo without such images could not show a false alarm being put right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eagle_core.data.demo.arithmetic import blend, direction, distance, inside
from eagle_core.data.demo.defects import DEFECTS
from eagle_core.data.demo.dice import Dice
from eagle_core.data.demo.scenery import SIZE, Coordinates, Product, Scene
from eagle_core.data.scene import DefectRecord, SceneRecord, place_of, severity_of

_SMALLEST_DEFECT = 12
"""Pixels of its mask."""
_WEAKEST = 0.25
"""Fainter defects are below what the embedded expert can see at all."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """One image of the demo."""

    pixels: np.ndarray
    """``(224, 224, 3) uint8`` RGB."""
    mask: np.ndarray | None
    """``(224, 224) uint8``, 255 where defective; None for a normal image."""
    scene: SceneRecord


def photograph(category: str, product: Product, kind: str | None, seed: tuple[int, ...]) -> Photograph:
    """The image that ``seed`` decides, with a defect of ``kind`` or normal where that is None."""
    dice = Dice(*seed)
    scene = Scene(product, _pose(dice), (*seed, 1))
    if kind is None:
        pixels = _expose(scene.paint().rgb, dice)
        return Photograph(pixels, None, _record(category, product, None))
    strength = _WEAKEST + (1 - _WEAKEST) * dice.fraction()
    flawed = DEFECTS[kind](scene, dice, strength)
    while np.count_nonzero(flawed.mask) < _SMALLEST_DEFECT:
        flawed = DEFECTS[kind](scene, dice, strength)
    mask = flawed.mask.astype(np.uint8) * np.uint8(255)
    defect = _defect_record(kind, strength, flawed.mask)
    return Photograph(_expose(flawed.rgb, dice), mask, _record(category, product, defect))


def _pose(dice: Dice) -> Coordinates:
    """A little shift, turn and change of distance."""
    rows, columns = np.indices((SIZE, SIZE))
    x = columns - (SIZE - 1) / 2 - dice.around_zero(4)
    y = rows - (SIZE - 1) / 2 - dice.around_zero(4)
    cos, sin = direction(dice.around_zero(0.006))
    scale = 1 + dice.around_zero(0.02)
    return Coordinates((x * cos + y * sin) * scale, (y * cos - x * sin) * scale)


def _expose(rgb: np.ndarray, dice: Dice) -> np.ndarray:
    """Uneven light, now and then a speck of dust, and sensor noise."""
    rows, columns = np.indices((SIZE, SIZE))
    x, y = columns / (SIZE - 1) - 0.5, rows / (SIZE - 1) - 0.5
    way, unevenness = direction(dice.fraction()), 0.03 + 0.05 * dice.heavy_tailed(5)
    light = 1 + dice.around_zero(0.08) + unevenness * (x * way[0] + y * way[1])
    lit = rgb * light[..., None]
    if dice.chance(0.12):
        size = 0.6 + 0.5 * dice.heavy_tailed(3)
        speck = distance(columns - dice.between(8, SIZE - 8), rows - dice.between(8, SIZE - 8))
        lit = blend(lit, (206, 204, 198), inside(speck - size, 1.5) * min(0.8, 0.25 + 0.2 * dice.heavy_tailed(3)))
    grain = dice.uniform(SIZE, SIZE, 3) + dice.uniform(SIZE, SIZE, 3) - 1
    noisy = lit + (4 + 2 * dice.heavy_tailed(2)) * grain
    return np.clip(np.floor(noisy + 0.5), 0, 255).astype(np.uint8)


def _record(category: str, product: Product, defect: DefectRecord | None) -> SceneRecord:
    return SceneRecord(category, product.object_name, product.family, product.color, defect)


def _defect_record(kind: str, strength: float, mask: np.ndarray) -> DefectRecord:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    place = place_of((x0 + x1) / 2, (y0 + y1) / 2, SIZE, SIZE)
    return DefectRecord(kind, place, severity_of(strength), strength, (x0, y0, x1, y1))
