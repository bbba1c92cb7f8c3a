"""Freed memory that stays with its process.

The C library gives large pieces back to the system as soon as they are freed and gets them back cleared, page by page. Where
arrays of a few hundred kilobytes come and go all the time, a third of the time goes there.
"""

from __future__ import annotations

import ctypes

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Of ``mallopt``, in glibc's malloc.h."""
_LARGEST = 2**30


def keep_freed_memory() -> None:
    """Keep what is freed for the next array, up to a gigabyte; results do not change. Of no effect without glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _LARGEST)
