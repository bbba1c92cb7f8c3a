"""Python's search for garbage, in the processes of commands and in those that a cluster starts."""

from __future__ import annotations

import atexit
import gc

SELDOM = 10_000
"""Objects that are made before Python looks among the newest for garbage; by itself it looks after 700."""


def look_for_garbage_seldom(_process: object = None) -> None:
    """Imports make a million objects that stay. To look through them again and again meanwhile, and once more at the end,
    takes three seconds of a process's time.

    Args:
        _process: What Dask calls this with.
    """
    gc.set_threshold(SELDOM)
    atexit.register(gc.freeze)


dask_setup = look_for_garbage_seldom
"""The name by which Dask finds it in a process that it starts."""
