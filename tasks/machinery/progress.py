"""Progress bars on long work: on a terminal a bar per stage, elsewhere nothing but the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def progress_bar(title: str, unit: str = "image") -> Iterator[Callable[[str, int, int], None]]:
    """Yield ``report(phase, done, total)``; a change of phase starts the bar anew."""
    bar = tqdm(desc=title, unit=unit, leave=False, disable=None, dynamic_ncols=True)
    current = ""

    def report(phase: str, done: int, total: int) -> None:
        nonlocal current
        if phase != current:
            current = phase
            bar.reset(total=total)
            bar.set_description(f"{title} {phase}".strip())
        bar.update(done - bar.n)

    try:
        yield report
    finally:
        bar.close()
