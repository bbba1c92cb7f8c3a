"""Promised and achieved rates of false alarms as cells and tables that people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eagle_core.evaluation.promises import KeptPromise
from eagle_core.evaluation.table import NO_VALUE
from eagle_core.report.page.content import PageTable
from eagle_core.threshold.promise import percent

HEADER = ("category", "dataset", "rule, calibration", "different parts", "promised", "false alarms [95 %]", "recall", "warned of", "")


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
            NO_VALUE if p.different_parts is None else f"about {max(1, round(p.different_parts))}",
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
    notes = tuple(f"{p.category}: {p.statement}; {p.variety}" for p in promises)
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


def _share(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:.3f}"
