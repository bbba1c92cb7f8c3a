"""Promised and achieved rates of false alarms: for the report's tables and for MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from eagle_core.evaluation.promises import KeptPromise, Level, kept_promise
from eagle_core.evaluation.table import NO_VALUE
from eagle_core.records import Threshold
from eagle_core.report.page.content import PageTable
from eagle_core.threshold.promise import percent
from tasks.machinery.store import Entry
from tasks.stages.threshold import read_threshold

HEADER = ("category", "dataset", "rule, calibration", "promised", "false alarms [95 %]", "recall", "warned of", "")


def promises_of(
    thresholds: Mapping[tuple[str, str], Entry], records: pd.DataFrame, confidence: float
) -> tuple[KeptPromise, ...]:
    """One for each category whose rule promises a rate, by (dataset, category)."""
    made = (kept_promise(*name, read_threshold(entry), records, confidence) for name, entry in thresholds.items())
    return tuple(promise for promise in made if promise is not None)


def promise_from(fields: Mapping[str, Any]) -> KeptPromise:
    """What ``dataclasses.asdict`` wrote into summary.json."""
    return KeptPromise(**{**fields, "levels": tuple(Level(**level) for level in fields["levels"])})


def promise_rows(promises: Sequence[KeptPromise]) -> Iterator[tuple[str, ...]]:
    """Cells under ``HEADER``."""
    for p in promises:
        achieved = NO_VALUE
        if p.low is not None and p.high is not None:
            achieved = f"{percent(p.alarms / p.normal)} [{percent(p.low)}, {percent(p.high)}], {p.alarms} of {p.normal}"
        yield (
            p.category,
            p.dataset,
            f"{p.rule}, {p.calibration.replace('_', '-')} ({p.units} {'groups' if p.grouped else 'images'})",
            percent(p.promised) if p.promised == p.asked else f"{percent(p.promised)} (asked: {percent(p.asked)})",
            achieved,
            f"{p.caught / p.defective:.3f}" if p.defective else NO_VALUE,
            f"{p.warnings} normal" if p.warnings else NO_VALUE,
            "EXCEEDED" if p.exceeded else "new images differ: promises too much" if p.at_risk else "",
        )


def promise_tables(promises: Sequence[KeptPromise]) -> list[PageTable]:
    """Promised beside achieved, and what other rates would have come to."""
    if not promises:
        return []
    notes = tuple(f"{p.category}: {p.statement}" for p in promises)
    found = [PageTable("False alarms: promised and achieved", HEADER, tuple(promise_rows(promises)), notes)]
    rows = tuple(
        (p.category, p.dataset, percent(level.rate), f"{level.tau:.3g}", _share(level.false_alarms), _share(level.recall))
        for p in promises
        for level in p.levels
    )
    if rows:
        header = ("category", "dataset", "promised rate", "τ", "false alarms", "recall")
        found.append(PageTable("What other rates would come to", header, rows))
    return found


def promise_metrics(threshold: Threshold, records: pd.DataFrame, name: tuple[str, str], confidence: float) -> dict[str, float]:
    """For MLflow; empty where the rule promises no rate."""
    kept = kept_promise(*name, threshold, records, confidence)
    if kept is None:
        return {}
    known = {
        "promised_false_alarm_rate": kept.promised,
        "guaranteed_false_alarm_rate": kept.bound,
        "achieved_false_alarm_rate": kept.alarms / kept.normal if kept.normal else None,
        "achieved_false_alarm_rate_low": kept.low,
        "achieved_false_alarm_rate_high": kept.high,
        "expert_recall": kept.caught / kept.defective if kept.defective else None,
        "promise_units": float(kept.units),
        "promise_at_risk": float(kept.at_risk),
        "tau_warn": threshold.tau_warn,
    }
    return {key: value for key, value in known.items() if value is not None}


def promise_tags(threshold: Threshold) -> dict[str, str]:
    """What the promise rests on, in words."""
    if threshold.promise is None:
        return {}
    return {"promise.calibration": threshold.promise.calibration, "promise.statement": threshold.promise.statement}


def _share(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:.3f}"
