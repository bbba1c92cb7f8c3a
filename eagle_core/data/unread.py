"""Files that hold a picture and are not read: other programs' formats."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from eagle_core.data.dataset import Category
from eagle_core.names import printable

UNREAD_ENDINGS = frozenset(
    [".heic", ".heif", ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".svg", ".eps", ".pdf", ".psd", ".ai", ".tga", ".pcx", ".ico", ".sgi", ".exr", ".hdr", ".dcm", ".jxl", ".jxr", ".fits", ".npy", ".mat"]
)
"""Of formats that are not read."""


def unread_files(category: Category) -> Counter[str]:
    """How many files of each such ending lie beside the category's images, in the folders that hold them."""
    folders = {sample.image_path.parent for sample in category.samples} or {category.folder}
    return Counter(printable(path.suffix.lower()) for folder in folders for path in _visible(folder) if path.suffix.lower() in UNREAD_ENDINGS)


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
