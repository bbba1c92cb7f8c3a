"""The terminal that verbs print to."""

from __future__ import annotations

from rich.console import Console

LOG_WIDTH = 160


def wide_console() -> Console:
    """The terminal; where there is none, such as in a log, wide enough for the table."""
    console = Console()
    return console if console.is_terminal else Console(width=LOG_WIDTH)
