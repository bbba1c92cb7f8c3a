"""The demo's textures: herringbone tiles, planks of wood, and a knitted fabric."""

from __future__ import annotations

import numpy as np

from eagle_core.data.demo.arithmetic import blend, flat, inside, noise, sine
from eagle_core.data.demo.dice import Dice
from eagle_core.data.demo.scenery import Coordinates, Painting, PartFault, Product

_TILE = 26.0
_TILES_LONG = 3
_PLANK = 58.0
_STITCH_WIDTH, _STITCH_HEIGHT = 16.0, 11.0


def paint_herringbone(at: Coordinates, dice: Dice, fault: PartFault | None) -> Painting:
    """Glazed tiles, three times as long as wide, laid in a zigzag with light joints; a part is a tile."""
    x, y = at.x / _TILE + dice.fraction() * 6, at.y / _TILE + dice.fraction() * 6
    i, j = np.floor(x), np.floor(y)
    period = 2 * _TILES_LONG
    step = (i - j) - period * np.floor((i - j) / period)
    lies = step < _TILES_LONG
    offset = np.where(lies, step, period - 1 - step)
    along = np.where(lies, x - i, y - j) + offset
    across = np.where(lies, y - j, x - i)
    edge = _TILE * np.minimum(np.minimum(along, _TILES_LONG - along), np.minimum(across, 1 - across))
    first_i, first_j = np.where(lies, i - offset, i), np.where(lies, j, j - offset)
    tone = _tone(first_i, first_j, dice)
    glaze = noise(dice, at.x, at.y, 9, 9)
    bevel = inside(2.6 - edge, 2.5)
    tile = flat((172, 92, 66), 0.90 + 0.14 * tone + 0.035 * glaze - 0.12 * (1 - bevel))
    joint = flat((196, 188, 172), 1 + 0.05 * noise(dice, at.x, at.y, 3, 3))
    on_tile = inside(1.5 - edge, 1.2)
    surface = np.ones(at.x.shape, dtype=bool)
    if fault is None:
        return Painting(blend(joint, tile, on_tile), surface)
    row, column = 40 + int(fault.which * 144), 40 + int(fault.turns * 144)
    gone = (first_i == first_i[row, column]) & (first_j == first_j[row, column])
    gone &= lies == lies[row, column]
    bed = flat((118, 108, 98), 1 + 0.10 * noise(dice, at.x, at.y, 4, 4))
    tile = blend(tile, bed, gone * (0.25 + 0.75 * fault.strength))
    return Painting(blend(joint, tile, on_tile), surface, gone & (edge > 1))


def paint_wood(at: Coordinates, dice: Dice, fault: PartFault | None) -> Painting:
    """Three or four planks with grain along them."""
    y = at.y + dice.between(0, _PLANK)
    plank = np.floor(y / _PLANK)
    shifted = at.x + 517 * plank
    wave = noise(dice, shifted, y, 70, 18)
    rings = sine(y / 9 + 0.9 * wave + 0.37 * plank)
    fibres = noise(dice, shifted, y, 26, 1.6)
    pores = np.clip(noise(dice, shifted, y, 12, 2.0) - 0.55, 0, 1)
    tone = _tone(plank, 0 * plank, dice)
    shade = 0.92 + 0.07 * tone + 0.060 * rings + 0.045 * fibres - 0.25 * pores
    gap = y - plank * _PLANK
    seam = inside(np.minimum(gap, _PLANK - gap) - 0.9, 1.2)
    wood = blend(flat((190, 146, 96), shade), (86, 60, 38), seam)
    return Painting(wood, np.ones(at.x.shape, dtype=bool))


def paint_knit(at: Coordinates, dice: Dice, fault: PartFault | None) -> Painting:
    """Stockinette: columns of V-shaped stitches of one yarn."""
    x = at.x / _STITCH_WIDTH + dice.fraction()
    column = np.floor(x)
    sideways = np.abs(x - column - 0.5)
    y = at.y / _STITCH_HEIGHT + dice.fraction() - 1.9 * (0.5 - sideways)
    row = np.floor(y)
    along = y - row
    loop = 4 * along * (1 - along)
    leg = 4 * (2 * sideways) * (1 - 2 * sideways)
    yarn = noise(dice, at.x + 9 * row, at.y, 2.5, 2.5)
    tone = _tone(column * 2 + (x - column > 0.5), row, dice)
    shade = 0.45 + 0.34 * loop + 0.22 * np.sqrt(np.clip(leg, 0, 1)) + 0.05 * tone + 0.05 * yarn
    return Painting(flat((72, 118, 158), shade), np.ones(at.x.shape, dtype=bool))


def _tone(column: np.ndarray, row: np.ndarray, dice: Dice) -> np.ndarray:
    """One random value in [-1, 1] for each cell of a grid."""
    table = dice.uniform(64, 64) * 2 - 1
    return table[row.astype(np.int64) & 63, column.astype(np.int64) & 63]


TEXTURES: dict[str, Product] = {
    "herringbone": Product(
        "herringbone tiles", "texture", "brown", paint_herringbone, ("crack", "stain", "missing part")
    ),
    "wood": Product("wooden planks", "texture", "brown", paint_wood, ("contamination", "distortion", "scratch")),
    "knit": Product("knitted fabric", "texture", "blue", paint_knit, ("contamination", "distortion", "stain")),
}
