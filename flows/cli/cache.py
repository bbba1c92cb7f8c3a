"""``eagle cache``: what the store of results holds, and room on the disk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from eagle_core.counted import counted
from eagle_core.errors import ConfigurationError
from flows.cli.console import wide_console
from flows.cli.options import PARAMS, ParamsOption
from tasks.machinery.params import load_params
from tasks.machinery.pruning import StoredEntry, prune, survey

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


def cache(
    prune_to: Annotated[str | None, typer.Option("--prune-to", metavar="SIZE", help="Remove what no kept run needs, oldest first, until the store is as small as SIZE: 2GiB, 500M, 0.")] = None,
    params: ParamsOption = PARAMS,
) -> None:
    """Show what the store of results holds and how much of it the kept runs need; with --prune-to, make room.

    A run is kept as long as its folder in runs/ is there. What is removed is computed again when a run asks for it;
    what was written in the last hour stays, because a run may be using it.

    Examples:

      eagle cache

      eagle cache --prune-to 2GiB
    """
    target = None if prune_to is None else _bytes(prune_to)
    run = load_params(params).run
    console = wide_console()
    entries = survey(run.cache_dir, run.output_dir)
    if target is not None:
        removed = prune(entries, target)
        console.print(f"removed {counted(len(removed), 'entry')}, {_shown(sum(e.size for e in removed))}", highlight=False)
        entries = tuple(entry for entry in entries if entry not in set(removed))
    console.print(_table(entries))
    total = sum(entry.size for entry in entries)
    needed = sum(entry.size for entry in entries if entry.needed)
    console.print(f"{run.cache_dir}: {_shown(total)}, of which kept runs need {_shown(needed)}", highlight=False, soft_wrap=True)
    if target is not None and total > target:
        console.print(
            f"still more than {prune_to}: the rest is needed by runs in {run.output_dir} (remove the folders of those that "
            "you do not want to keep), or was written in the last hour",
            style="yellow", highlight=False, soft_wrap=True,
        )


def _table(entries: Sequence[StoredEntry]) -> Table:
    table = Table("stage", "entries", "size", "needed by kept runs")
    for column in table.columns[1:]:
        column.justify = "right"
    for stage in sorted({entry.stage for entry in entries}):
        mine = [entry for entry in entries if entry.stage == stage]
        needed = [entry.size for entry in mine if entry.needed]
        table.add_row(stage, str(len(mine)), _shown(sum(entry.size for entry in mine)), f"{len(needed)} ({_shown(sum(needed))})")
    return table


def _bytes(text: str) -> int:
    found = SIZE.fullmatch(text.strip())
    if found is None:
        raise ConfigurationError(f"--prune-to {text!r}: write a size such as 2GiB, 500M or 0")
    return int(float(found[1]) * UNITS[found[2].upper()])


def _shown(size: int) -> str:
    power = max((p for p in range(4) if size >= 1024**p), default=0)
    return f"{size / 1024**power:.{1 if power else 0}f} {('B', 'KiB', 'MiB', 'GiB')[power]}"
