"""At most so many parts wait to be judged; more are told to come again, rather than pile up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException

from eagle_core.counted import counted

RETRY_AFTER_SECONDS = 1


class BoundedQueue:
    """Counts the parts between arrival and answer."""

    def __init__(self, size: int) -> None:
        self._size, self._inside, self._lock = size, 0, threading.Lock()

    @property
    def inside(self) -> int:
        """Parts that are being judged or wait for it."""
        return self._inside

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place.

        Raises:
            HTTPException: 503 with Retry-After where all are taken.
        """
        with self._lock:
            if self._inside >= self._size:
                headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
                raise HTTPException(503, f"{counted(self._size, 'part is', 'parts are')} waiting already; send this one again", headers)
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
