"""Random draws whose bits are the same everywhere: PCG64's raw stream, which NumPy guarantees, and exact arithmetic.

``numpy.random.Generator`` is not used: its distributions may change with NumPy's version, and some call the C
library's logarithm, whose last bit depends on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """A seeded source of uniform draws."""

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed))

    def uniform(self, *shape: int) -> np.ndarray:
        """``shape float64`` in [0, 1)."""
        count = 1
        for side in shape:
            count *= side
        # Fifty-three random bits are a float64 exactly.
        return (self._bits.random_raw(count) >> np.uint64(11)).reshape(shape) * 2.0**-53

    def fraction(self) -> float:
        """One draw in [0, 1)."""
        return float(self.uniform(1)[0])

    def between(self, low: float, high: float) -> float:
        """One draw in [low, high)."""
        return low + (high - low) * self.fraction()

    def index(self, count: int) -> int:
        """One of 0 … count - 1."""
        return int(self.fraction() * count)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.fraction() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of ``options``."""
        return options[self.index(len(options))]

    def around_zero(self, spread: float) -> float:
        """Bell-shaped in (-spread, spread): the mean of three draws."""
        return spread * ((self.between(-1, 1) + self.between(-1, 1) + self.between(-1, 1)) / 3)

    def heavy_tailed(self, cap: float) -> float:
        """In [0, cap]; P(above x) = 1 / (1 + x)^2 below the cap: mostly small, at times very large."""
        return min(cap, 1 / float(np.sqrt(1 - self.fraction())) - 1)
