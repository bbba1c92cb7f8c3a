"""Ground-truth masks as tools write them: which pixels one marks, and what about it is unusual.

Black is background, whatever else there is. What can be told from the file is put right (a grey edge, labels that count
from one, a palette without black, a photograph's rotation); what cannot is read as it stands, and a remark says so:
a mask that seems to be inverted, that marks everything, nothing or an outline only, or that may have been drawn before its
photograph was turned.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from scipy.ndimage import label, maximum_filter, minimum_filter

from eagle_core.data.decoding import decode, has_transparency, orientation_of
from eagle_core.data.turns import UPRIGHT
from eagle_core.errors import DataError
from eagle_core.records import Sample

Remark = Literal["grey_edges", "no_black", "turned", "inverted", "perhaps_turned", "full", "empty", "outline"]
"""The first three were put right while reading; the others were not."""
_SHADES = 24
"""More levels than this between black and the brightest are shades of an edge, not labels."""
_BRIGHT = 64
"""Labels are small numbers: below it every level that is not black is one."""


_SMEARED = 16
"""What JPEG makes of black beside an edge may be this bright."""


@dataclass(frozen=True, slots=True)
class Mask:
    """What a mask says."""

    defective: np.ndarray
    """``(H, W) bool``."""
    remarks: tuple[Remark, ...] = ()


def read_mask(path: Path, expected_size: tuple[int, int] | None = None) -> np.ndarray:
    """Read one ground-truth mask: ``(H, W) bool``, true where defective.

    Args:
        path: The mask's file.
        expected_size: (width, height) in pixels of the image it belongs to; None: any.

    Raises:
        DataError: As for ``read_rgb``, or the size is not ``expected_size``.
    """
    mask = _read(path).defective
    if expected_size is not None and mask.shape != expected_size[::-1]:
        raise DataError(_other_size(path, mask, expected_size))
    return mask


def read_masks_of(sample: Sample, size: tuple[int, int]) -> Mask:
    """All masks of a sample as one, on the pixels of its upright image.

    Args:
        sample: With at least one mask.
        size: (width, height) of the image as ``read_rgb`` reads it.

    Raises:
        DataError: As for ``read_mask``; a mask of the photograph's size before it was turned is turned with it.
    """
    orientation = _orientation(sample)
    defective = np.zeros(size[::-1], dtype=bool)
    remarks: list[Remark] = []
    for path in sample.masks:
        mask = _read(path)
        remarks += mask.remarks
        pixels = mask.defective
        if pixels.shape != size[::-1] and orientation >= 5 and pixels.shape == size:
            pixels = np.asarray(Image.fromarray(pixels).transpose(UPRIGHT[orientation]))
            remarks.append("turned")
        elif orientation != 1 and pixels.shape == size[::-1] and (orientation < 5 or size[0] == size[1]):
            remarks.append("perhaps_turned")
        if pixels.shape != size[::-1]:
            raise DataError(_other_size(path, pixels, size))
        defective |= pixels
    if len(sample.masks) > 1 and "inverted" not in remarks and _looks_inverted(defective):
        remarks.append("inverted")
    if defective.all() or not defective.any():
        remarks.append("full" if defective.all() else "empty")
    elif _is_outline(defective):
        remarks.append("outline")
    return Mask(defective, tuple(dict.fromkeys(remarks)))


def _orientation(sample: Sample) -> int:
    """Of the photograph; 1 where it cannot be read, which is told elsewhere."""
    try:
        return orientation_of(sample.image_path)
    except DataError:
        return 1


def _read(path: Path) -> Mask:
    image = decode(path)
    levels = _levels(image)
    remarks: list[Remark] = []
    if image.format in ("JPEG", "MPO"):
        # Its compression smears zeros, and the white of its mask may be any grey.
        defective = levels > max(int(levels.max()) / 2, _SMEARED)
    else:
        defective, remarks = _above_background(levels)
    if _looks_inverted(defective):
        remarks.append("inverted")
    return Mask(defective, tuple(remarks))


def _levels(image: Image.Image) -> np.ndarray:
    """``(H, W)`` of numbers, 0 for background where the mask has black or transparent pixels.

    Colours count by their brightest channel; colours that are all the same (or all black) under a transparency that is
    not, by their opacity.
    """
    if image.mode in ("L", "I", "F", "1") or image.mode.startswith("I;16"):
        pixels = np.asarray(image)
        return pixels.astype(np.uint8) if pixels.dtype == bool else pixels
    seen = np.asarray(image.convert("RGBA" if has_transparency(image) else "RGB"))
    colours = seen[..., :3].max(axis=-1)
    if seen.shape[-1] == 3:
        return _apart(seen, colours)
    opacity = seen[..., 3]
    visible = colours[opacity > 0]
    if opacity.min() < opacity.max() and (visible.size == 0 or visible.min() == visible.max()):
        return opacity
    return np.where(opacity > 0, colours, 0)


def _apart(seen: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Colours without a black among them by number, so that two of the same brightness stay apart."""
    if brightness.min() == 0:
        return brightness
    red, green, blue = (seen[..., channel].astype(np.int32) for channel in range(3))
    codes = (red << 16) | (green << 8) | blue
    return codes if len(np.unique(codes)) <= _SHADES else brightness


def _above_background(levels: np.ndarray) -> tuple[np.ndarray, list[Remark]]:
    values, counts = _counted(levels)
    if values[0] != 0 and len(values) > 1:
        # Labels that count from one, or a palette without black: the commonest is the background.
        return levels != values[counts.argmax()], ["no_black"]
    brightest = values[-1]
    between = values[(values > 0) & (values < brightest)]
    if brightest >= _BRIGHT and len(between) and (len(between) > _SHADES or not _has_areas(levels, brightest)):
        return levels > brightest / 2, ["grey_edges"]
    return levels > 0, []


def _counted(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values that occur, ascending, and how often: ``np.unique``, without sorting millions of small numbers."""
    if levels.dtype not in (np.uint8, np.uint16):
        return np.unique(levels, return_counts=True)
    highest = int(levels.max())
    # Row by row: bincount makes eight bytes of every pixel that it is given.
    counts = np.zeros(highest + 1, np.int64)
    for row in levels:
        counts += np.bincount(row, minlength=highest + 1)
    values = np.flatnonzero(counts)
    return values, counts[values]


def _has_areas(levels: np.ndarray, brightest: int | float) -> bool:
    """True where a level between black and the brightest fills a square of 3 x 3 pixels: a label, not an edge."""
    flat = minimum_filter(levels, 3) == maximum_filter(levels, 3)
    return bool((flat & (levels > 0) & (levels < brightest)).any())


def _looks_inverted(defective: np.ndarray) -> bool:
    """Most of the image is marked, and nearly all of its rim: black seems to mean the defect."""
    rim = np.concatenate([defective[0], defective[-1], defective[:, 0], defective[:, -1]])
    return bool(defective.mean() > 0.5 and rim.mean() > 0.9 and not defective.all())


def _is_outline(defective: np.ndarray) -> bool:
    """What is marked encloses more than twice its own area: a line around the defect, or around the image, that nobody filled."""
    marked = int(defective.sum())
    if marked * 3 >= defective.size:
        return False
    regions, _ = label(~defective)
    sizes = np.bincount(regions.ravel())
    outside = np.unique(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]))
    sizes[outside] = 0
    sizes[0] = 0
    return int(sizes.sum()) > 2 * marked


def _other_size(path: Path, mask: np.ndarray, size: tuple[int, int]) -> str:
    height, width = mask.shape
    return f"{path}: mask of {width}x{height} pixels for an image of {size[0]}x{size[1]}; give it the image's size"
