"""Who watches a station: is told how long each stage of a part takes, what was judged, and how far parts have drifted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

Stage = Literal["store", "wait", "decode", "expert", "check", "persist", "mllm"]
"""In a part's order. store: its image is written to the disk; wait: for the one that judges; decode: the image is read; expert:
features and distances; check: does it look like the good images, boxes, nearest good image; persist: the database has the
verdict; mllm: it was asked, later."""


class Observer(Protocol):
    """Must neither raise nor take long."""

    def stage(self, name: Stage, seconds: float) -> None:
        """A stage of one part ended."""

    def judged(self, category: str, verdict: str, seconds: float) -> None:
        """A part was kept; ``seconds`` from its bytes to the kept verdict."""

    def drifted(self, category: str, effect: float, moved: bool) -> None:
        """The newest parts were compared with the good images (``ShiftCheck.effect``)."""


class Nobody:
    """Watches nothing."""

    def stage(self, name: Stage, seconds: float) -> None:
        """Nothing."""

    def judged(self, category: str, verdict: str, seconds: float) -> None:
        """Nothing."""

    def drifted(self, category: str, effect: float, moved: bool) -> None:
        """Nothing."""


@contextmanager
def timed(seconds: dict[Stage, float], name: Stage) -> Iterator[None]:
    """Note how long the block takes, also where it raises."""
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = time.perf_counter() - began
