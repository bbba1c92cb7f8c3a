"""Images of sixteen bits a channel: their pixels, how many of the bits a camera filled, and the way to eight.

Cameras of 10, 12 or 14 bits are saved in files of sixteen, in the lower bits. Divided by the file's full range such an
image keeps 4, 16 or 64 grey levels of 256, so the number of bits that are really used has to be known.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from eagle_core.errors import DataError

BIT_DEPTHS = (8, 10, 12, 14, 16)
"""What cameras fill."""
TOO_BRIGHT = "brighter than its bits allow"
"""What the error about such an image says."""
WIDE_COLOUR = "eagle_wide_colour"
"""Key of an image's ``info``: True where the file holds colours of sixteen bits, of which Pillow keeps eight."""


def has_wide_colour(opened: Image.Image) -> bool:
    """True where an image that is opened and not loaded has colours of sixteen bits a channel."""
    if opened.mode not in ("RGB", "RGBA"):
        return False
    return any(";16" in str(tile[3]) for tile in getattr(opened, "tile", ()))


def sixteen_bit_pixels(path: Path, image: Image.Image) -> np.ndarray | None:
    """``(H, W)`` or ``(H, W, 3) uint16`` of an upright, decoded image; None where it has eight bits a channel.

    Raises:
        DataError: Colours of sixteen bits cannot be read from ``path``.
    """
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return np.asarray(image).astype(np.uint16)
    if not image.info.get(WIDE_COLOUR):
        return None
    # Imported here: only such files need it.
    import cv2

    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_ANYDEPTH)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise DataError(f"{path}: colours of sixteen bits that cannot be read; save it as PNG of 8 bits a channel")
    colours = np.asarray(pixels[..., 2::-1])
    if colours.shape[:2] != (image.height, image.width):
        raise DataError(f"{path}: damaged or cut off; replace the file or remove it")
    return colours


def peak(path: Path, image: Image.Image) -> int | None:
    """The highest value of an image of sixteen bits a channel; None where it has eight.

    Raises:
        DataError: As ``sixteen_bit_pixels``.
    """
    wide = sixteen_bit_pixels(path, image)
    return None if wide is None else int(wide.max())


def depth_holding(value: int) -> int:
    """The smallest of ``BIT_DEPTHS`` whose range holds ``value`` (0 to 65535)."""
    return next(depth for depth in BIT_DEPTHS if value < 1 << depth)


def to_eight_bits(wide: np.ndarray, bit_depth: int, path: Path) -> Image.Image:
    """RGB of 8 bits a channel; ``2 ** bit_depth - 1`` becomes 255, rounded to the nearest.

    Raises:
        DataError: A value is higher than ``bit_depth`` allows: the images were not taken in one way.
    """
    white = (1 << bit_depth) - 1
    highest = int(wide.max())
    if highest > white:
        raise DataError(
            f"{path}: {TOO_BRIGHT}: values up to {highest}, where its category is read as {bit_depth} bits (at most {white}), as "
            f"many as its training images fill; state the camera's in params.yaml (datasets.NAME.bit_depth: {depth_holding(highest)})"
        )
    scaled = (wide.astype(np.uint32) * 255 + white // 2) // white
    return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")
