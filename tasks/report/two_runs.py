"""Reads two run folders and writes the page that compares them, into the second one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from eagle_core.errors import DataError
from eagle_core.record_table import read_records
from eagle_core.report.page.content import PageTable
from eagle_core.report.page.two_runs import render_two_runs, two_run_tables
from eagle_core.whole_file import written_whole
from tasks.report.page import PAGE


def compare_runs(first: Path, second: Path) -> tuple[Path, tuple[str, ...], tuple[PageTable, ...]]:
    """Write ``compared-with-<first>.html`` into ``second``; returns its path, the opening sentences and the tables.

    Raises:
        DataError: A folder lacks its summary or records.
    """
    described = (_described(first), _described(second))
    records = (read_records(first / "records.parquet"), read_records(second / "records.parquet"))
    target = second / f"compared-with-{first.resolve().name}.html"
    links = (Path(os.path.relpath(first / PAGE, second)).as_posix(), PAGE)
    with written_whole(target) as aside:
        aside.write_text(render_two_runs(*described, records, links), encoding="utf-8")
    opening, tables, _ = two_run_tables(*described, records)
    return target, opening, tables


def _described(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); name a folder that `eagle run` wrote") from error
