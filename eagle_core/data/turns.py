"""How a photograph lies in its file: the eight EXIF orientations, and what makes an image of each upright."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

EXIF_ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image of each EXIF orientation upright; 1 is."""
_BACK = {6: UPRIGHT[8], 8: UPRIGHT[6]}
"""Undoes it, where that is not the same again."""


def save_turned(upright: Image.Image, path: Path, orientation: int) -> None:
    """Save ``upright`` as a camera held in ``orientation`` (1 to 8) would have: read again, it is upright once more."""
    if orientation == 1:
        upright.save(path)
        return
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    upright.transpose(_BACK.get(orientation, UPRIGHT[orientation])).save(path, exif=exif)
