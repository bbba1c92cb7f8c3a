"""The comparison table that people read: methods down, categories across. Plain text cells, no layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from eagle_core.evaluation.summary import MACRO, POOLED
from eagle_core.evaluation.unread import UnreadImage, unread_notes
from eagle_core.record_table import NO_MLLM

METHOD_NAMES = {
    "expert": "expert alone",
    "mllm": "MLLM alone (1-shot+)",
    "eagle_no_caas": "EAGLE without CAAS",
    "eagle": "EAGLE",
    "echo": "Echo",
    "eagle_echo": "EAGLE + Echo",
    "*": "all methods",
}
"""In the order in which they are shown."""
METHODS_IN_WORDS = {
    "expert": "detector alone (expert)",
    "mllm": "language model alone (MLLM, 1-shot+)",
    "eagle_no_caas": "language model told by the detector (EAGLE without CAAS)",
    "eagle": "language model told by the detector, sharpened in doubt (EAGLE)",
    "echo": "language model told about the part (Echo)",
    "eagle_echo": "language model told by the detector and about the part (EAGLE + Echo)",
    "*": "all methods",
}
"""What the table of a run calls them: plain words, then the field's, which everything after it uses."""
DETAILS = ("all images as one set (pooled)", "expert's errors put right (corrected)", "expert's right verdicts spoiled")
METRIC_TITLES = {"balanced_accuracy": "share judged right, good and bad parts counting the same (balanced accuracy; 0.5 is guessing)"}
"""What the title of a table calls its metric."""
ALL = "*"
NO_VALUE = "–"
NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class NotRunRow:
    """A combination that was asked for and could not run; it stays a line of the table. ``*`` stands for all."""

    dataset: str
    category: str
    mllm: str
    method: str
    reason: str


@dataclass(frozen=True, slots=True)
class ComparisonTable:
    """One dataset's table; every row is as long as ``header``."""

    dataset: str
    metric: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    """Why something did not run, a line each."""
    details: frozenset[int] = frozenset()
    """Columns that are left out where there is little room, by their number."""

    def brief(self) -> ComparisonTable:
        """Without the details."""
        kept = [number for number in range(len(self.header)) if number not in self.details]
        rows = tuple(tuple(row[number] for number in kept) for row in self.rows)
        return ComparisonTable(self.dataset, self.metric, tuple(self.header[number] for number in kept), rows, self.notes)


def titled(table: ComparisonTable) -> str:
    """A table's title, in plain words."""
    return f"{table.dataset}: {METRIC_TITLES.get(table.metric, table.metric.replace('_', ' '))}"


def comparison_tables(
    summary: pd.DataFrame,
    *,
    metric: str = "balanced_accuracy",
    confidence: float = 0.95,
    not_run: Sequence[NotRunRow] = (),
    unread: Sequence[UnreadImage] = (),
) -> tuple[ComparisonTable, ...]:
    """One table for each dataset of ``summary`` and ``not_run``."""
    names = dict.fromkeys([*summary["dataset"], *(row.dataset for row in not_run)])
    return tuple(
        comparison_table(summary, name, metric=metric, confidence=confidence, not_run=not_run, unread=unread)
        for name in names
    )


def comparison_table(
    summary: pd.DataFrame,
    dataset: str,
    *,
    metric: str = "balanced_accuracy",
    confidence: float = 0.95,
    not_run: Sequence[NotRunRow] = (),
    unread: Sequence[UnreadImage] = (),
) -> ComparisonTable:
    """Methods by categories, then the macro mean with its interval, pooled value, flips and unparsed answers; the words of
    the header are plain, with the field's terms in brackets.

    Args:
        summary: Of ``eagle_core.evaluation.summary.summarise``; as it is, or read back from JSON.
        dataset: Which of its datasets.
        metric: Name of a category's metric, such as ``balanced_accuracy`` or ``f1``.
        confidence: Of the summary's intervals, for the header.
        not_run: What was asked for and is absent: ``not run`` in the table, the reason in the notes.
        unread: Training images that the experts were fitted without: a note for each category.
    """
    mine = summary[summary["dataset"] == dataset]
    missing = [row for row in not_run if row.dataset == dataset]
    known = mine[mine["metric"] == metric]["scope"]
    categories = sorted({*known, *(row.category for row in missing if row.category != ALL)})
    header = ("language model (MLLM)", "judged by", *categories, f"mean of the categories (macro) [{confidence:.0%} interval]", *DETAILS, "no verdict (unparsed)")
    details = frozenset(range(len(header) - 1 - len(DETAILS), len(header) - 1))
    rows = tuple(
        _row(mine, missing, mllm, method, metric, categories) for mllm, method in _combinations(mine, missing)
    )
    notes = tuple(
        f"not run: {_shown(row.mllm)} {METHOD_NAMES[row.method]}, category {row.category}: {row.reason}"
        for row in missing
    )
    notes = (*notes, *unread_notes([u for u in unread if u.dataset == dataset]))
    return ComparisonTable(dataset, metric, header, rows, notes, details)


def _combinations(mine: pd.DataFrame, missing: Sequence[NotRunRow]) -> list[tuple[str, str]]:
    """(MLLM, method): the expert first, then MLLM by MLLM in order of appearance."""
    found = [*zip(mine["mllm"], mine["method"], strict=True), *((row.mllm, row.method) for row in missing)]
    mllms = list(dict.fromkeys(mllm for mllm, _ in found))
    order = list(METHOD_NAMES)
    return sorted(
        set(found), key=lambda pair: (pair[0] != NO_MLLM, mllms.index(pair[0]), order.index(pair[1]))
    )


def _row(
    mine: pd.DataFrame,
    missing: Sequence[NotRunRow],
    mllm: str,
    method: str,
    metric: str,
    categories: Sequence[str],
) -> tuple[str, ...]:
    part = mine[(mine["method"] == method) & (mine["mllm"] == mllm)]
    absent = {row.category for row in missing if (row.mllm, row.method) == (mllm, method)}
    macro = _only(part, f"{metric}_macro", MACRO)
    return (
        _shown(mllm),
        METHODS_IN_WORDS[method],
        *(NOT_RUN if {c, ALL} & absent else _number(_only(part, metric, c)) for c in categories),
        NOT_RUN if ALL in absent else _number(macro) + _interval(macro),
        _number(_only(part, f"{metric}_pooled", POOLED)),
        _count(_only(part, "flip_rate_corrected_pooled", POOLED)),
        _count(_only(part, "flip_rate_spoiled_pooled", POOLED)),
        _unparsed(part, metric),
    )


def _only(part: pd.DataFrame, metric: str, scope: str) -> pd.Series | None:
    """The row of a metric; None where there is none or it has no value."""
    found = part[(part["metric"] == metric) & (part["scope"] == scope)]
    return None if found.empty or pd.isna(found.iloc[0]["value"]) else found.iloc[0]


def _number(row: pd.Series | None) -> str:
    return NO_VALUE if row is None else f"{row['value']:.3f}"


def _interval(row: pd.Series | None) -> str:
    return "" if row is None or pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"


def _count(row: pd.Series | None) -> str:
    """``3/12``: so many of the expert's wrong (or right) verdicts."""
    return NO_VALUE if row is None else f"{round(row['value'] * row['n'])}/{int(row['n'])}"


def _unparsed(part: pd.DataFrame, metric: str) -> str:
    found = part[part["metric"] == f"{metric}_pooled"]
    return NO_VALUE if found.empty else str(int(found.iloc[0]["n_unparsed"]))


def _shown(mllm: str) -> str:
    return NO_VALUE if mllm == NO_MLLM else mllm
