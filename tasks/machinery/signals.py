"""Signals that stop a run, held back where half a step would be worse than a late one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def signals_later() -> Iterator[None]:
    """SIGTERM and SIGINT that come during the block are delivered at its end, the first of them once.

    For short blocks: who presses Ctrl-C waits for the end of one (making MLflow's tables, the longest, takes seconds). Outside
    of the main thread, in which Python runs handlers, nothing need be held back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])
