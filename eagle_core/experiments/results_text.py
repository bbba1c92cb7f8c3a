"""An experiment's results as text for people: tables in Markdown, cells as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd

from eagle_core.experiments.experiment import Experiment
from eagle_core.experiments.published import PublishedTable

STAND_IN = (
    "Numbers of the embedded MLLM are a stand-in's: they show that the machinery works, nothing about the paper's accuracy."
)


def as_table(published: PublishedTable) -> pd.DataFrame:
    """One row for each setting and dataset, in percent, as printed."""
    rows = [[setting, dataset, *values] for setting, dataset, values in published.rows]
    return pd.DataFrame(rows, columns=["setting", "dataset", *published.metrics])


def as_markdown(
    experiment: Experiment,
    tables: Mapping[str, pd.DataFrame],
    published: PublishedTable | None,
    *,
    origin: str,
    missing: Sequence[str],
    figures: Sequence[str],
) -> str:
    """The whole outcome as text: ours, then the paper's numbers, never in one table.

    Args:
        experiment: What was asked.
        tables: Ours, by name.
        published: The paper's, where it gives numbers.
        origin: Commit and data, a sentence.
        missing: What was asked for and is not there, a line each.
        figures: Their paths, relative to the text.
    """
    lines = [f"# {experiment.name}", "", experiment.question, "", STAND_IN, ""]
    lines += [origin, ""]
    for name, table in tables.items():
        lines += [f"## Ours: {name.replace('_', ' ')}", "", *_markdown(table), ""]
    lines += [f"- missing: {line}" for line in missing]
    lines += [f"![{PurePath(figure).stem}]({figure})" for figure in figures]
    if published is not None:
        lines += ["", f"## {published.source} ({published.label}, percent)", "", *_markdown(as_table(published)), ""]
        lines += [f"- {note}" for note in published.notes]
    return "\n".join(lines) + "\n"


def _markdown(table: pd.DataFrame) -> list[str]:
    rows = [[shown(value) for value in row] for row in table.itertuples(index=False)]
    return ["| " + " | ".join(cells) + " |" for cells in ([*map(str, table.columns)], ["---"] * len(table.columns), *rows)]


def shown(value: Any) -> str:
    """A table cell: three decimals, a dash where there is no value."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) and not value.is_integer() else f"{value:g}" if isinstance(value, float) else str(value)
