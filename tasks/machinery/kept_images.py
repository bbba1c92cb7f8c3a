"""Images that a sweep's points show again and again: kept decoded in memory, up to a limit."""

from __future__ import annotations

import threading
from pathlib import Path

from cachetools import LRUCache, cached
from PIL import Image

from eagle_core.data.images import read_rgb

LIMIT_BYTES = 512 * 2**20
KEPT: LRUCache[tuple[Path, int, int, int], Image.Image] = LRUCache(LIMIT_BYTES, getsizeof=lambda image: 3 * image.width * image.height)


def read_kept(path: Path, bit_depth: int = 16) -> Image.Image:
    """What ``read_rgb`` reads; from memory while the file's size and modification time are the same. Not to be changed.

    Raises:
        DataError: As ``read_rgb``.
    """
    if not path.is_file():
        return read_rgb(path, bit_depth)
    facts = path.stat()
    return _read(path, bit_depth, facts.st_size, facts.st_mtime_ns)


@cached(KEPT, lock=threading.Lock())
def _read(path: Path, bit_depth: int, size: int, modified_ns: int) -> Image.Image:
    return read_rgb(path, bit_depth)
