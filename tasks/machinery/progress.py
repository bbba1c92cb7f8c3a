"""Progress bars on long work: on a terminal a bar per stage, elsewhere nothing but the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tqdm import tqdm

Report = Callable[[str, int, int], None]
"""Called with (phase, done, total)."""
_LISTENER: ContextVar[Report | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(listener: Report) -> Iterator[None]:
    """Tell ``listener``, too, what the bars of this thread are told."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def progress_bar(title: str, unit: str = "image") -> Iterator[Report]:
    """Yield ``report(phase, done, total)``; a change of phase starts the bar anew where it counts anew."""
    bar = tqdm(desc=title, unit=unit, leave=False, disable=None, dynamic_ncols=True)
    current = ""
    listener = _LISTENER.get()

    def report(phase: str, done: int, total: int) -> None:
        nonlocal current
        if phase != current:
            current = phase
            if total != bar.total or done < bar.n:
                bar.reset(total=total)
            bar.set_description(f"{title} {phase}".strip())
        bar.update(done - bar.n)
        if listener is not None:
            listener(phase, done, total)

    try:
        yield report
    finally:
        bar.close()
