"""The nouns of the demo's drawing: where the camera looks, what a product paints, which part of it is at fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from eagle_core.data.demo.dice import Dice
from eagle_core.data.scene import Family

SIZE = 224
"""Width and height of every image in pixels."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Position on the product, in pixels from its centre, of every pixel of the image: ``(H, W) float64``."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, slots=True)
class PartFault:
    """One of a product's parts is gone or out of its place."""

    kind: Literal["missing", "moved"]
    which: float
    """In [0, 1): chooses the part."""
    turns: float
    """In [0, 1): the direction in which it moved."""
    strength: float


@dataclass(frozen=True, slots=True)
class Painting:
    """What a product looks like under even light."""

    rgb: np.ndarray
    """``(H, W, 3) float64``, 0 to 255."""
    surface: np.ndarray
    """``(H, W) bool``: where defects of the surface may lie."""
    fault: np.ndarray = field(default_factory=lambda: np.zeros((SIZE, SIZE), dtype=bool))
    """``(H, W) bool``: the part that is at fault, both where it is and where it should be."""


Painter = Callable[[Coordinates, Dice, PartFault | None], Painting]


@dataclass(frozen=True, slots=True)
class Product:
    """One category of the demo."""

    object_name: str
    family: Family
    color: str
    paint: Painter
    kinds: tuple[str, ...]
    """Its kinds of defect: keys of DEFECT_KINDS."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One product before the camera; painting it again with the same seed gives the same specimen."""

    product: Product
    coordinates: Coordinates
    seed: tuple[int, ...]

    def paint(self, coordinates: Coordinates | None = None, fault: PartFault | None = None) -> Painting:
        """Paint the specimen, where asked through warped coordinates or with a faulty part."""
        return self.product.paint(coordinates or self.coordinates, Dice(*self.seed), fault)
