"""The comparison table that people read: methods down, categories across. Plain text cells, no layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from eagle_core.evaluation.summary import MACRO, POOLED
from eagle_core.record_table import NO_MLLM

METHOD_NAMES = {
    "expert": "expert alone",
    "mllm": "MLLM alone (1-shot+)",
    "eagle_no_caas": "EAGLE without CAAS",
    "eagle": "EAGLE",
    "echo": "Echo",
    "eagle_echo": "EAGLE + Echo",
}
"""In the order in which they are shown."""
NO_VALUE = "–"


@dataclass(frozen=True, slots=True)
class NotRunRow:
    """A combination that was asked for and could not run; it stays a line of the table."""

    dataset: str
    mllm: str
    method: str
    reason: str
    category: str | None = None
    """None: all categories."""


@dataclass(frozen=True, slots=True)
class ComparisonTable:
    """One table per dataset; every row is as long as ``header``."""

    dataset: str
    metric: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    """One line for each combination that did not run."""


def comparison_tables(
    summary: pd.DataFrame, *, metric: str = "balanced_accuracy", not_run: Sequence[NotRunRow] = ()
) -> tuple[ComparisonTable, ...]:
    """One table for each dataset of ``summary`` and ``not_run``."""
    names = dict.fromkeys([*summary["dataset"], *(row.dataset for row in not_run)])
    return tuple(comparison_table(summary, name, metric=metric, not_run=not_run) for name in names)


def comparison_table(
    summary: pd.DataFrame,
    dataset: str,
    *,
    metric: str = "balanced_accuracy",
    not_run: Sequence[NotRunRow] = (),
) -> ComparisonTable:
    """Methods by categories, macro mean with its interval, pooled value, flips and unparsed answers.

    Args:
        summary: Of ``eagle_core.evaluation.aggregate.summarise``.
        dataset: Which of its datasets.
        metric: Name of a category's metric, such as ``balanced_accuracy`` or ``f1``.
        not_run: What was asked for and is absent; its reason is a note, and a row without any value stays.
    """
    mine = summary[summary["dataset"] == dataset]
    missing = [row for row in not_run if row.dataset == dataset]
    in_categories = mine[(mine["metric"] == metric)]
    categories = sorted({*in_categories["scope"], *(row.category for row in missing if row.category)})
    header = ("MLLM", "method", *categories, "macro [95 % CI]", "pooled", "corrected", "spoiled", "unparsed")
    rows = tuple(
        _row(mine[(mine["method"] == method) & (mine["mllm"] == mllm)], mllm, method, metric, categories)
        for mllm, method in _combinations(mine, missing)
    )
    notes = tuple(
        f"not run: {_shown(row.mllm)} {METHOD_NAMES[row.method]}, {row.category or 'all categories'}: {row.reason}"
        for row in missing
    )
    return ComparisonTable(dataset, metric, header, rows, notes)


def _combinations(mine: pd.DataFrame, missing: Sequence[NotRunRow]) -> list[tuple[str, str]]:
    """(MLLM, method): the expert first, then MLLM by MLLM in order of appearance."""
    found = [*zip(mine["mllm"], mine["method"], strict=True), *((row.mllm, row.method) for row in missing)]
    mllms = list(dict.fromkeys(mllm for mllm, _ in found))
    order = list(METHOD_NAMES)
    return sorted(
        set(found), key=lambda pair: (pair[0] != NO_MLLM, mllms.index(pair[0]), order.index(pair[1]))
    )


def _row(
    part: pd.DataFrame, mllm: str, method: str, metric: str, categories: Sequence[str]
) -> tuple[str, ...]:
    return (
        _shown(mllm),
        METHOD_NAMES[method],
        *(_number(part, metric, category) for category in categories),
        _with_interval(part, f"{metric}_macro"),
        _number(part, f"{metric}_pooled", POOLED),
        _share(part, "flip_rate_corrected_pooled"),
        _share(part, "flip_rate_spoiled_pooled"),
        _unparsed(part, metric),
    )


def _only(part: pd.DataFrame, metric: str, scope: str) -> pd.Series | None:
    found = part[(part["metric"] == metric) & (part["scope"] == scope)]
    return None if found.empty or pd.isna(found.iloc[0]["value"]) else found.iloc[0]


def _number(part: pd.DataFrame, metric: str, scope: str) -> str:
    row = _only(part, metric, scope)
    return NO_VALUE if row is None else f"{row['value']:.3f}"


def _with_interval(part: pd.DataFrame, metric: str) -> str:
    row = _only(part, metric, MACRO)
    if row is None:
        return NO_VALUE
    if pd.isna(row["low"]):
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def _share(part: pd.DataFrame, metric: str) -> str:
    """``3/12``: so many of the expert's wrong (right) verdicts."""
    row = _only(part, metric, POOLED)
    return NO_VALUE if row is None else f"{round(row['value'] * row['n'])}/{row['n']}"


def _unparsed(part: pd.DataFrame, metric: str) -> str:
    found = part[(part["metric"] == f"{metric}_pooled")]
    return NO_VALUE if found.empty else str(found.iloc[0]["n_unparsed"])


def _shown(mllm: str) -> str:
    return NO_VALUE if mllm == NO_MLLM else mllm
