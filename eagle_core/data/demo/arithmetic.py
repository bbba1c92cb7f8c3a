"""Functions of pixel coordinates whose results are the same bits on every machine.

Only additions, multiplications, divisions and square roots of float64, all of which IEEE 754 rounds exactly,
one NumPy operation at a time; sines and angles are polynomials. Nothing here calls the C library's
transcendental functions, BLAS, or floating-point sums, whose order of summation depends on the processor.
"""

from __future__ import annotations

import numpy as np

from eagle_core.data.demo.dice import Dice


def sine(turns: np.ndarray) -> np.ndarray:
    """About sin(2 pi turns), within 0.002 (Bhaskara's formula)."""
    phase = turns - np.floor(turns)
    half = np.where(phase < 0.5, phase, phase - 0.5)
    bump = half * (0.5 - half)
    value = 16 * bump / (1.25 - 4 * bump)
    return np.where(phase < 0.5, value, -value)


def direction(turns: float) -> tuple[float, float]:
    """About (cos, sin) of 2 pi turns, scaled to length one."""
    x, y = (float(sine(np.array([t]))[0]) for t in (turns + 0.25, turns))
    length = float(np.sqrt(x * x + y * y))
    return x / length, y / length


def angle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """About atan2(y, x) / (2 pi), in [0, 1), within 0.001 turns."""
    across, up = np.abs(x), np.abs(y)
    slope = np.minimum(across, up) / np.maximum(np.maximum(across, up), 1e-9)
    octant = slope * (0.125 + 0.0434 * (1 - slope))
    quadrant = np.where(up > across, 0.25 - octant, octant)
    half = np.where(x < 0, 0.5 - quadrant, quadrant)
    turns = np.where(y < 0, 1 - half, half)
    return turns - np.floor(turns)


def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Length of (x, y)."""
    return np.sqrt(x * x + y * y)


def inside(signed: np.ndarray, softness: float = 1.0) -> np.ndarray:
    """Coverage in [0, 1] of a shape from the signed distance to its edge (negative inside), antialiased."""
    return np.clip(0.5 - signed / softness, 0.0, 1.0)


def rounded_box(x: np.ndarray, y: np.ndarray, half_width: float, half_height: float, radius: float) -> np.ndarray:
    """Signed distance to a rectangle around the origin with rounded corners."""
    dx, dy = np.abs(x) - (half_width - radius), np.abs(y) - (half_height - radius)
    outside = distance(np.maximum(dx, 0), np.maximum(dy, 0))
    return outside + np.minimum(np.maximum(dx, dy), 0) - radius


def segment(x: np.ndarray, y: np.ndarray, start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """Distance to the straight line between two points."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
    return distance(x - (x0 + along * dx), y - (y0 + along * dy))


def noise(dice: Dice, x: np.ndarray, y: np.ndarray, cell_x: float, cell_y: float) -> np.ndarray:
    """Smooth random field in [-1, 1]: random values at the corners of cells, blended between them."""
    lattice = dice.uniform(64, 64) * 2 - 1
    column, row = np.floor(x / cell_x), np.floor(y / cell_y)
    fx, fy = x / cell_x - column, y / cell_y - row
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    i, j = column.astype(np.int64) & 63, row.astype(np.int64) & 63
    i1, below = (i + 1) & 63, ((j + 1) & 63) * 64
    values, beside = lattice.ravel(), j * 64
    upper = values.take(beside + i) * (1 - fx) + values.take(beside + i1) * fx
    lower = values.take(below + i) * (1 - fx) + values.take(below + i1) * fx
    return upper * (1 - fy) + lower * fy


def blend(
    under: np.ndarray, over: np.ndarray | tuple[float, float, float], coverage: np.ndarray, shade: np.ndarray | None = None
) -> np.ndarray:
    """Lay ``over`` on ``under`` (``(H, W, 3)``) where ``coverage`` (``(H, W)``) is one; a colour times ``shade`` (``(H, W)``).

    Computed only around what is covered: a product is laid together of many small parts.
    """
    blended = under.copy()
    part = around(coverage)
    weight = coverage[part][..., None]
    if isinstance(over, tuple):
        laid = np.asarray(over, dtype=np.float64) if shade is None else flat(over, shade[part])
    else:
        laid = over[part]
    blended[part] = under[part] * (1 - weight) + laid * weight
    return blended


def around(wanted: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the smallest rectangle that holds all of ``wanted`` (``(H, W)``) that is not zero; empty for nothing."""
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    if len(rows) == 0:
        return np.s_[0:0, 0:0]
    return np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def flat(color: tuple[float, float, float], shade: np.ndarray) -> np.ndarray:
    """``(H, W, 3)``: one colour times a shade of ``(H, W)``."""
    return shade[..., None] * np.asarray(color, dtype=np.float64)
