"""How many bits the camera of a category filled, found over all of its training images: one rule for training and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eagle_core.data.dataset import Category
from eagle_core.data.images import decode
from eagle_core.data.sixteen_bits import depth_holding, peak
from eagle_core.errors import DataError
from eagle_core.records import Sample

_MAY_BE_WIDE = frozenset([".png", ".apng", ".tif", ".tiff", ".pgm", ".ppm", ".pnm", ".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".j2c", ".avif"])


def with_bit_depth(category: Category, stated: int | None) -> Category:
    """``category`` with the bit depth that is ``stated``, or else that its training images fill together."""
    depth = stated or filled_bits(category.train)
    if depth == 16:
        return category

    def read_so(samples: Sequence[Sample]) -> tuple[Sample, ...]:
        return tuple(replace(sample, bit_depth=depth) for sample in samples)

    return replace(
        category, train=read_so(category.train), test=read_so(category.test), calibration=read_so(category.calibration)
    )


def filled_bits(samples: Sequence[Sample]) -> int:
    """The bits that the brightest pixel of all ``samples`` needs; 16 where their files have eight bits a channel.

    The first, middle and last image decide whether the others are decoded at all. Unreadable images are passed over.
    """
    if not samples:
        return 16
    asked = {samples[0], samples[len(samples) // 2], samples[-1]}
    if all(_peak(sample) is None for sample in asked):
        return 16
    highest = 0
    for sample in samples:
        highest = max(highest, _peak(sample) or 0)
        if highest >= 1 << 14:
            return 16
    return depth_holding(highest)


def has_sixteen_bits(sample: Sample) -> bool:
    """True where the image's file has sixteen bits a channel; False where it has eight, or cannot be read."""
    return _peak(sample) is not None


def differing_depth(category: Category) -> bool:
    """True where training images fill all 16 bits and test images do not: those will look nearly black."""
    depths = {sample.bit_depth for sample in category.train}
    return depths == {16} and filled_bits(category.test) < 16 and filled_bits(category.train) == 16


def _peak(sample: Sample) -> int | None:
    if sample.image_path.suffix.lower() not in _MAY_BE_WIDE:
        return None
    try:
        return peak(sample.image_path, decode(sample.image_path))
    except DataError:
        return None
