"""The terminal that verbs print to."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from eagle_core.names import printable

LOG_WIDTH = 160


def wide_console() -> Console:
    """The terminal; where there is none, such as in a log, wide enough for the table."""
    console = Console()
    return console if console.is_terminal else Console(width=LOG_WIDTH)


def plain(*cells: object) -> list[str]:
    """Cells of a table taken literally: names of files and folders may hold what looks like markup."""
    return [escape(printable(str(cell))) for cell in cells]
