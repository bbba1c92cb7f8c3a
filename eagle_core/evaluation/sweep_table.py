"""The tables of a sweep: points as rows, what varies and what was measured as columns. No table of a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from eagle_core.evaluation.summary import MACRO, POOLED

SUBJECT = ("dataset", "mllm", "method")
"""What one row of a table is about."""


class MeasuredPoint(NamedTuple):
    """One point of a sweep and what it came to."""

    label: str
    values: Mapping[str, Any]
    """What varies, by dotted key."""
    summary: pd.DataFrame
    """Columns of ``summarise`` without intervals, and ``gate_open_count``; empty where nothing could be run."""


def no_metrics() -> pd.DataFrame:
    """The summary of a point of which nothing could be run."""
    return pd.DataFrame({name: [] for name in (*SUBJECT, "scope", "metric", "value", "gate_open_count")})


def wide_table(points: Sequence[MeasuredPoint]) -> pd.DataFrame:
    """One row for each point, dataset, MLLM and method; macro and pooled metrics are columns."""
    rows = []
    for point in points:
        known = point.summary[point.summary["scope"].isin((MACRO, POOLED))]
        if not known.empty:
            table = known.pivot(index=[*SUBJECT, "gate_open_count"], columns="metric", values="value").reset_index()
            rows.append(_labelled(table, point, points))
    return pd.concat(rows, ignore_index=True)


def long_table(points: Sequence[MeasuredPoint]) -> pd.DataFrame:
    """Every metric of every point as one row."""
    measured = [point for point in points if not point.summary.empty]
    return pd.concat([_labelled(p.summary.reset_index(drop=True), p, points) for p in measured], ignore_index=True)


def distinct_points(table: pd.DataFrame, varied: Sequence[str]) -> int:
    """How many points of a wide table differ from every earlier one in a metric, whatever their values of ``varied``."""
    measured = table.drop(columns=[key for key in table.columns if key in varied])
    return int(measured.groupby("point").apply(lambda part: part.to_csv(index=False), include_groups=False).nunique())


def gate_counts(summary: pd.DataFrame) -> dict[str, float]:
    """How often the gate opened for each method, by ``dataset/MLLM/method/gate_open_count``."""
    opened = summary[[*SUBJECT, "gate_open_count"]].drop_duplicates()
    return {f"{r.dataset}/{r.mllm}/{r.method}/gate_open_count": float(r.gate_open_count) for r in opened.itertuples()}


def _labelled(table: pd.DataFrame, point: MeasuredPoint, points: Sequence[MeasuredPoint]) -> pd.DataFrame:
    """``table`` behind columns for the point's label and for each parameter that varies."""
    keys = list(dict.fromkeys(key for p in points for key in p.values))
    for position, key in enumerate(keys):
        known = [p.values[key] for p in points if key in p.values]
        value = point.values.get(key)
        numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in known)
        shown = value if numbers or value is None else str(value)
        table.insert(position, key, pd.Series([shown] * len(table), dtype="float64" if numbers else "string"))
    table.insert(0, "point", pd.Series([point.label] * len(table), dtype="string"))
    return table
