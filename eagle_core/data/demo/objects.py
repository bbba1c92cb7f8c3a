"""The demo's objects: a blister of tablets, a pin connector, and a bottle cap."""

from __future__ import annotations

import numpy as np

from eagle_core.data.demo.arithmetic import (
    angle,
    around,
    blend,
    direction,
    distance,
    flat,
    inside,
    noise,
    rounded_box,
    sine,
)
from eagle_core.data.demo.dice import Dice
from eagle_core.data.demo.scenery import SIZE, Coordinates, Painting, PartFault, Product

_TEETH = 21
_PINS = 6


def paint_blister(at: Coordinates, dice: Dice, fault: PartFault | None) -> Painting:
    """A foil card with nine cavities and a scored white tablet in each; a part is a tablet."""
    card = rounded_box(at.x, at.y, 101, 101, 12)
    foil_shade = 0.86 + 0.05 * sine((at.x + at.y) / 9) * sine((at.x - at.y) / 9) + 0.03 * noise(dice, at.x, at.y, 30, 30)
    bench = flat((88, 96, 104), 1 + 0.03 * noise(dice, at.x, at.y, 20, 20))
    rgb = blend(bench, flat((206, 208, 214), foil_shade), inside(card))
    surface, at_fault = np.zeros((SIZE, SIZE), dtype=bool), np.zeros((SIZE, SIZE), dtype=bool)
    faulty = int(fault.which * 9) if fault else -1
    for number in range(9):
        part = _near(at, 64 * (number % 3 - 1), 64 * (number // 3 - 1), 34)
        x, y = at.x[part] - 64 * (number % 3 - 1), at.y[part] - 64 * (number // 3 - 1)
        from_centre = distance(x, y)
        hollow = 0.80 + 0.10 * np.clip((x + y) / 50, -1, 1)
        rgb[part] = blend(rgb[part], (196, 198, 206), inside(from_centre - 28), hollow)
        tilt = direction(dice.fraction())
        dx, dy = x - dice.around_zero(1.6), y - dice.around_zero(1.6)
        coverage = 1.0
        if fault and number == faulty:
            at_fault[part] |= from_centre < 21
            if fault.kind == "missing":
                coverage = 0.75 - 0.75 * fault.strength
            else:
                step, way = 3.5 + 6.5 * fault.strength, direction(fault.turns)
                dx, dy = dx - step * way[0], dy - step * way[1]
                at_fault[part] |= distance(dx, dy) < 21
        tablet = distance(dx, dy)
        score = np.abs(dx * tilt[0] + dy * tilt[1])
        dome = 0.97 - 0.16 * np.clip(tablet / 21 - 0.55, 0, 1) - 0.05 * np.clip((dx + dy) / 30, -1, 1)
        dome = dome - 0.16 * inside(score - 0.8) * inside(tablet - 16)
        rgb[part] = blend(rgb[part], (238, 234, 222), inside(tablet - 20) * coverage, dome)
        surface[part] |= (tablet < 17) & (coverage == 1.0)
    return Painting(rgb, surface, at_fault)


def paint_connector(at: Coordinates, dice: Dice, fault: PartFault | None) -> Painting:
    """A black housing with two rows of golden pins on a green board; a part is a pin."""
    board = flat((38, 104, 70), 1 + 0.04 * noise(dice, at.x, at.y, 6, 6))
    lane = np.abs(at.x - 28 * np.floor(at.x / 28) - 14)
    rgb = blend(board, flat((58, 132, 88), np.ones((SIZE, SIZE))), inside(lane - 3.5))
    body = rounded_box(at.x, at.y, 98, 56, 6)
    rim = 0.9 + 0.5 * inside(np.abs(body + 4) - 2) + 0.10 * noise(dice, at.x, at.y, 3, 3)
    rgb = blend(rgb, flat((46, 46, 52), rim), inside(body))
    surface = body < -5
    at_fault = np.zeros((SIZE, SIZE), dtype=bool)
    faulty = int(fault.which * 2 * _PINS) if fault else -1
    for number in range(2 * _PINS):
        part = _near(at, 30 * (number % _PINS - 2.5), 44 * (number // _PINS - 0.5), 26)
        x = at.x[part] - 30 * (number % _PINS - 2.5) - dice.around_zero(0.8)
        y = at.y[part] - 44 * (number // _PINS - 0.5) - dice.around_zero(0.8)
        socket = rounded_box(x, y, 9, 14, 2)
        rgb[part] = blend(rgb[part], (22, 22, 26), inside(socket))
        coverage = 1.0
        if fault and number == faulty:
            at_fault[part] |= rounded_box(x, y, 7, 11, 2) < 0
            if fault.kind == "missing":
                coverage = 0.65 - 0.65 * fault.strength
            else:
                step, way = 3 + 5 * fault.strength, direction(fault.turns)
                x, y = x - step * way[0], y - step * way[1]
                at_fault[part] |= rounded_box(x, y, 7, 11, 2) < 0
        glint = 0.80 + 0.22 * inside(np.abs(x + 2) - 1.2, 2) + 0.10 * np.clip(-y / 11, -1, 1)
        rgb[part] = blend(rgb[part], (222, 178, 84), inside(rounded_box(x, y, 6, 10, 2)) * coverage, glint)
    return Painting(rgb, surface, at_fault)


def _near(at: Coordinates, x: float, y: float, reach: float) -> tuple[slice, slice]:
    """Where the product is within ``reach`` pixels of a point along both axes: a part that ends before is drawn there alone."""
    return around((np.abs(at.x - x) < reach) & (np.abs(at.y - y) < reach))


def paint_bottle_cap(at: Coordinates, dice: Dice, fault: PartFault | None) -> Painting:
    """A crimped red cap from above, with a printed white ring and star, on a light belt."""
    from_centre, bearing = distance(at.x, at.y), angle(at.x, at.y)
    teeth = sine(bearing * _TEETH)
    belt = flat((202, 204, 200), 1 + 0.02 * noise(dice, at.x, at.y, 14, 14))
    shadow = inside(distance(at.x - 4, at.y - 5) - 94 - 3 * teeth, 9)
    rgb = blend(belt, (150, 152, 150), shadow)
    edge = from_centre - 92 - 3.5 * teeth
    slope = np.clip((from_centre - 70) / 22, 0, 1)
    skirt = 0.74 + 0.20 * teeth * slope - 0.10 * slope + 0.10 * np.clip(-(at.x + at.y) / 150, -1, 1)
    top = 0.95 + 0.08 * np.clip(-(at.x + at.y) / 120, -1, 1) + 0.018 * noise(dice, at.x, at.y, 5, 5)
    shade = top + (skirt - top) * inside(72 - from_centre, 6)
    rgb = blend(rgb, flat((176, 40, 46), shade), inside(edge))
    turned = bearing - 0.05 - np.floor((bearing - 0.05) * 5) / 5
    fold = np.abs(turned * 5 - 0.5) * 2
    star = from_centre * (0.62 + 0.62 * (1 - fold)) - 26
    print_ = np.maximum(inside(np.abs(from_centre - 52) - 3), inside(star, 1.5))
    rgb = blend(rgb, flat((236, 232, 224), 0.97 + 0.05 * np.clip(-(at.x + at.y) / 120, -1, 1)), print_)
    return Painting(rgb, from_centre < 84)


OBJECTS: dict[str, Product] = {
    "blister": Product(
        "blister of tablets", "object", "white", paint_blister, ("crack", "misplacement", "missing part")
    ),
    "connector": Product(
        "pin connector", "object", "black", paint_connector, ("contamination", "misplacement", "missing part")
    ),
    "bottle_cap": Product("bottle cap", "object", "red", paint_bottle_cap, ("crack", "scratch", "stain")),
}
