"""Opens image and mask files: one honest picture, or a DataError that names the file and the remedy.

Still images only. Knows nothing of datasets, and nothing of how an image is resized for a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from PIL import Image

from eagle_core.data.decoding import (
    IMAGE_SUFFIXES,
    MAX_PIXELS,
    SUFFIX_OF,
    decode,
    format_of,
    has_transparency,
    is_image_file,
    is_lfs_pointer,
    orientation_of,
)
from eagle_core.data.masks import read_mask, read_masks_of
from eagle_core.data.sixteen_bits import sixteen_bit_pixels, to_eight_bits
from eagle_core.errors import DataError
from eagle_core.records import Sample

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "SUFFIX_OF",
    "decode",
    "format_of",
    "is_image_file",
    "is_lfs_pointer",
    "orientation_of",
    "read_image_of",
    "read_mask",
    "read_masks_of",
    "read_rgb",
    "reading_once",
]

_read: ContextVar[dict[tuple[Path, int], Image.Image] | None] = ContextVar("images read once", default=None)


def read_rgb(path: Path, bit_depth: int = 16) -> Image.Image:
    """Read ``path`` as an RGB image of 8 bits a channel, upright as its EXIF orientation says.

    Sixteen-bit pixels are scaled by ``bit_depth``'s full range (at 16, 65535 becomes 255; at 12, 4095 does), never by the
    image's own extremes, so that images stay comparable. Transparent pixels are laid over white. Palettes and CMYK
    become the colours they stand for; grey is repeated in three channels. Of a phone's multi-picture JPEG the first
    picture is taken.

    Args:
        path: The file.
        bit_depth: How many bits a camera filled, where the file holds sixteen; without effect on other files.

    Raises:
        DataError: The file is missing, empty, damaged, no still image, too large, of 32-bit pixels, or brighter than
            ``bit_depth`` allows.
    """
    image = decode(path)
    wide = sixteen_bit_pixels(path, image)
    if wide is not None:
        return to_eight_bits(wide, bit_depth, path)
    if image.mode in ("I", "F"):
        raise DataError(
            f"{path}: 32-bit pixels have no defined white; save the image with 8 or 16 bits a channel"
        )
    if has_transparency(image):
        visible = image.convert("RGBA")
        white = Image.new("RGBA", visible.size, "white")
        return Image.alpha_composite(white, visible).convert("RGB")
    return image.convert("RGB")


def read_image_of(sample: Sample) -> Image.Image:
    """``read_rgb`` of a sample's image, with the bit depth of its category.

    Raises:
        DataError: As ``read_rgb``.
    """
    read = _read.get()
    if read is None:
        return read_rgb(sample.image_path, sample.bit_depth)
    key = (sample.image_path, sample.bit_depth)
    if key not in read:
        read[key] = read_rgb(*key)
    return read[key]


@contextmanager
def reading_once() -> Iterator[None]:
    """Within it ``read_image_of`` decodes a file once and gives the same image again: to be looked at, not drawn on."""
    held = _read.set({})
    try:
        yield
    finally:
        _read.reset(held)
