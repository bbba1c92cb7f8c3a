"""Opens image and mask files: one honest picture, or a DataError that names the file and the remedy.

Still images only. Knows nothing of datasets, and nothing of how an image is resized for a model.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from eagle_core.errors import DataError

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2"}
)
"""Lower-case file name endings of images; other files of a dataset are not images."""
MAX_PIXELS = 89_478_485
"""Larger images are refused. It is where Pillow itself begins to suspect a decompression bomb (256 MiB of RGB)."""

# Pillow's other decoders are kept away from untrusted files; EPS, for one, would start Ghostscript.
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM", "JPEG2000")
# What Pillow's decoders raise on damaged files (found by mutating valid files).
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)


def read_rgb(path: Path) -> Image.Image:
    """Read ``path`` as an RGB image of 8 bits a channel, upright as its EXIF orientation says.

    Sixteen-bit grey is scaled by its full range (65535 becomes 255), never by the image's own extremes, so that
    images stay comparable. Transparent pixels are laid over white. Palettes and CMYK become the colours they
    stand for; grey is repeated in three channels. Of a phone's multi-picture JPEG the first picture is taken.

    Raises:
        DataError: The file is missing, empty, damaged, no still image, too large, or of 32-bit pixels.
    """
    image = _decode(path)
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return _from_sixteen_bits(image)
    if image.mode in ("I", "F"):
        raise DataError(
            f"{path}: 32-bit pixels have no defined white; save the image with 8 or 16 bits a channel"
        )
    if _has_transparency(image):
        visible = image.convert("RGBA")
        white = Image.new("RGBA", visible.size, "white")
        return Image.alpha_composite(white, visible).convert("RGB")
    return image.convert("RGB")


def read_mask(path: Path, expected_size: tuple[int, int] | None = None) -> np.ndarray:
    """Read a ground-truth mask: ``(H, W) bool``, true where defective.

    A pixel is defective where any channel is above zero and it is not fully transparent (MVTec-AD writes 255,
    VisA the number of the kind). In a JPEG, whose compression smears zeros, it must be at least half of white.

    Args:
        path: The mask's file.
        expected_size: (width, height) in pixels of the image it belongs to; None: any.

    Raises:
        DataError: As for ``read_rgb``, or the size is not ``expected_size``.
    """
    image = _decode(path)
    smears = image.format in ("JPEG", "MPO")
    if expected_size is not None and image.size != expected_size:
        raise DataError(
            f"{path}: mask of {image.width}x{image.height} pixels for an image of "
            f"{expected_size[0]}x{expected_size[1]}; give it the image's size"
        )
    if image.mode not in ("L", "I", "F") and not image.mode.startswith("I;16"):
        has_transparency = _has_transparency(image)
        image = image.convert("RGBA" if has_transparency else "RGB")
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return pixels >= 128 if smears else pixels > 0
    colours = pixels[..., :3].max(axis=-1)
    defective = colours >= 128 if smears else colours > 0
    return defective & (pixels[..., 3] > 0) if pixels.shape[-1] == 4 else defective


def is_image_file(path: Path) -> bool:
    """True for a visible file whose name ends as an image's does; its content is not looked at."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()


def _decode(path: Path) -> Image.Image:
    """Every pixel of the upright image, in the file's own mode, with ``format`` kept."""
    _refuse_what_is_no_file(path)
    try:
        with Image.open(path, formats=_FORMATS) as opened:
            if opened.width < 1 or opened.height < 1:
                raise DataError(
                    f"{path}: the image has no pixels ({opened.width}x{opened.height}); replace it"
                )
            if opened.width * opened.height > MAX_PIXELS:
                raise DataError(_too_large(path, f"{opened.width}x{opened.height}"))
            frames = getattr(opened, "n_frames", 1)
            if frames > 1 and opened.format != "MPO":
                raise DataError(f"{path}: holds {frames} frames; save the one to inspect as a still image")
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            upright.format = opened.format
            return upright
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(_too_large(path, str(error))) from error
    except Image.UnidentifiedImageError as error:
        raise DataError(
            f"{path}: not an image that can be read; save it as PNG, JPEG, TIFF or BMP"
        ) from error
    except PermissionError as error:
        raise DataError(f"{path}: may not be read; allow reading it (chmod u+r)") from error
    except _DECODER_ERRORS as error:
        raise DataError(f"{path}: damaged or cut off ({error}); replace the file or remove it") from error


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


def _has_transparency(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    wide = np.asarray(image).astype(np.uint32)
    return Image.fromarray(((wide * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
