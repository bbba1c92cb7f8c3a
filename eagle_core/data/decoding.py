"""Decodes image files: every pixel of one still picture, or a DataError that names the file and the remedy.

Knows nothing of datasets, nor of what the pixels mean.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageOps

from eagle_core.data.png_text import without_text
from eagle_core.data.sixteen_bits import WIDE_COLOUR, has_wide_colour
from eagle_core.data.turns import EXIF_ORIENTATION
from eagle_core.errors import DataError

IMAGE_SUFFIXES = frozenset(
    [".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".j2c", ".avif"]
)
"""Lower-case file name endings of images; other files of a dataset are not images."""
MAX_PIXELS = 89_478_485
"""Larger images are refused. It is where Pillow itself begins to suspect a decompression bomb (256 MiB of RGB)."""
SUFFIX_OF = {
    "PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "BMP": ".bmp", "DIB": ".dib", "TIFF": ".tif", "WEBP": ".webp",
    "GIF": ".gif", "PPM": ".ppm", "JPEG2000": ".jp2", "AVIF": ".avif",
}  # fmt: skip
"""The usual ending of each format that is read. Pillow's other decoders are kept away from untrusted files; EPS, for one,
would start Ghostscript."""
_LFS_POINTER = b"version https://git-lfs"
_FORMATS = tuple(name for name in SUFFIX_OF if name != "MPO")  # which Pillow opens as JPEG
# What Pillow's decoders raise on damaged files (found by mutating valid files).
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    RuntimeError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)


def is_image_file(path: Path) -> bool:
    """True for a visible file whose name ends as an image's does; its content is not looked at."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()


def names_an_image(path: Path) -> bool:
    """As ``is_image_file``, and true too for such a link whose target is missing: an image is lost there, not absent."""
    return is_image_file(path) or (
        path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_symlink() and not path.exists()
    )


def decode(path: Path) -> Image.Image:
    """Every pixel of the upright image, in the file's own mode, with ``format`` kept."""
    _refuse_what_is_no_file(path)
    try:
        try:
            return _opened(path, path)
        except ValueError as error:
            # Pillow refuses a PNG for more than a megabyte of text or colour profile; neither has a pixel in it.
            without = without_text(path.read_bytes())
            if without is None:
                raise error
            return _opened(path, io.BytesIO(without))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(_too_large(path, str(error))) from error
    except Image.UnidentifiedImageError as error:
        raise DataError(_unknown(path)) from error
    except PermissionError as error:
        raise DataError(f"{path}: may not be read; allow reading it (chmod u+r)") from error
    except _DECODER_ERRORS as error:
        raise DataError(f"{path}: damaged or cut off ({error}); replace the file or remove it") from error


def format_of(path: Path) -> str | None:
    """The format that the content of a file has, whatever its name; None where it is none that is read."""
    try:
        with Image.open(path, formats=_FORMATS) as opened:
            return opened.format
    except (*_DECODER_ERRORS, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def orientation_of(path: Path) -> int:
    """The EXIF orientation of an image, 1 (upright) to 8; 1 where it states none.

    Raises:
        DataError: As ``read_rgb``, for what shows in its header.
    """
    _refuse_what_is_no_file(path)
    try:
        with Image.open(path, formats=_FORMATS) as opened:
            value = opened.getexif().get(EXIF_ORIENTATION, 1)
            return int(value) if value in range(1, 9) else 1
    except (*_DECODER_ERRORS, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{path}: damaged or cut off ({error}); replace the file or remove it") from error


def size_of(path: Path) -> tuple[int, int]:
    """(width, height) of the upright image, from its header.

    Raises:
        DataError: As ``read_rgb``, for what shows in its header.
    """
    orientation = orientation_of(path)
    with Image.open(path, formats=_FORMATS) as opened:
        return opened.size if orientation < 5 else (opened.height, opened.width)


def _opened(path: Path, source: Path | io.BytesIO) -> Image.Image:
    """The decoded image in ``source``; ``path`` names it."""
    with Image.open(source, formats=_FORMATS) as opened:
        if opened.width < 1 or opened.height < 1:
            raise DataError(f"{path}: the image has no pixels ({opened.width}x{opened.height}); replace it")
        if opened.width * opened.height > MAX_PIXELS:
            raise DataError(_too_large(path, f"{opened.width}x{opened.height}"))
        frames = getattr(opened, "n_frames", 1)
        if frames > 1 and opened.format != "MPO":
            raise DataError(f"{path}: holds {frames} frames; save the one to inspect as a still image")
        wide_colour = has_wide_colour(opened)
        if wide_colour and opened.getexif().get(EXIF_ORIENTATION, 1) != 1:
            raise DataError(f"{path}: colours of sixteen bits and an EXIF rotation; save it upright")
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        upright.format = opened.format
        upright.info[WIDE_COLOUR] = wide_colour
        return upright


def is_lfs_pointer(path: Path) -> bool:
    """True for the little text that Git LFS leaves in place of a file that was not fetched."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return False
    with path.open("rb") as file:
        return file.read(len(_LFS_POINTER)) == _LFS_POINTER


def _unknown(path: Path) -> str:
    if is_lfs_pointer(path):
        return f"{path}: a pointer of Git LFS instead of the image; fetch the image itself with `git lfs pull`"
    return f"{path}: not an image that can be read; save it as PNG, JPEG, TIFF or BMP"


def _refuse_what_is_no_file(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise DataError(
            f"{path}: a link whose target is missing; restore the target (`dvc checkout`) or remove it"
        )
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    if not path.is_file():
        raise DataError(f"{path}: not a file; give the path of an image")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; replace it or remove it")


def _too_large(path: Path, size: str) -> str:
    return f"{path}: too large ({size}; at most {MAX_PIXELS} pixels are read); crop it or scale it down"


def has_transparency(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info

