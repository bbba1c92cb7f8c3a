"""Numbers that others published, kept apart from ours: one TOML file for each table, in percent, as printed. None is ours."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table of a paper."""

    source: str
    label: str
    """``paper``, or ``as published`` where the paper itself quotes others."""
    notes: tuple[str, ...]
    """What is known to be wrong or different about it."""
    metrics: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[float, ...]], ...]
    """(setting, dataset, values in the order of ``metrics``)."""


def published_table(name: str) -> PublishedTable | None:
    """The published numbers beside an experiment; None where the paper gives none (its figures have no values)."""
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        return None
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    rows = tuple(
        (str(row["setting"]), dataset, tuple(float(value) for value in values))
        for row in table["rows"]
        for dataset, values in row.items()
        if dataset != "setting"
    )
    return PublishedTable(table["source"], table["label"], tuple(table["notes"]), tuple(table["metrics"]), rows)
