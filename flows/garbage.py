"""Python's search for garbage, where all that is imported stays."""

from __future__ import annotations

import atexit
import gc

SELDOM = 10_000
"""Objects that are made before Python looks among the newest for garbage; by itself it looks after 700."""


def look_for_garbage_seldom() -> None:
    """Imports make a million objects that stay. To look through them again and again meanwhile, and once more at the end,
    took a third of the time of a short command."""
    gc.set_threshold(SELDOM)
    atexit.register(gc.freeze)
