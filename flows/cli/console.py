"""The terminal that verbs print to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from eagle_core.names import printable

LOG_WIDTH = 160


def wide_console() -> Console:
    """The terminal; where there is none, such as in a log, wide enough for the table."""
    console = Console()
    return console if console.is_terminal else Console(width=LOG_WIDTH)


def plain(*cells: object) -> list[str]:
    """Cells of a table taken literally: names of files and folders may hold what looks like markup."""
    return [escape(printable(str(cell))) for cell in cells]


def print_missing(console: Console, lines: Sequence[str]) -> None:
    """The last lines of every command that makes a table: what was asked for and is not there."""
    for line in lines:
        console.print(printable(f"missing: {line}"), style="yellow", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar for each phase, on a terminal only; called with (phase, done, total where known)."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        bars: dict[str, TaskID] = {}

        def report(phase: str, done: int, total: int | None) -> None:
            if phase not in bars:
                bars[phase] = shown.add_task(phase)
            shown.update(bars[phase], completed=done, total=total)

        yield report
