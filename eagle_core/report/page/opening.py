"""What a run comes to, in three plain sentences, before any table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from eagle_core.counted import counted
from eagle_core.evaluation.kinds import found_by_kind
from eagle_core.evaluation.table import METHOD_NAMES
from eagle_core.report.page.run_plots import KnownExpert
from eagle_core.station.rates import Rate, share


def opening(records: pd.DataFrame, experts: Mapping[tuple[str, str], KnownExpert]) -> tuple[str, ...]:
    """How many defects were found and good parts stopped, what was missed most, and what the thresholds promise.

    Told of the expert where it judged, else of the first method; images that were not judged are told, too.

    Args:
        records: Of the run.
        experts: By (dataset, category).
    """
    asked = records[records["question_type"] == "anomaly_detection"]
    if not len(asked):
        return ()
    method = "expert" if (asked["method"] == "expert").any() else str(asked["method"].iloc[0])
    rows = asked[(asked["method"] == method) & (asked["mllm"] == asked[asked["method"] == method]["mllm"].iloc[0])]
    who = "The expert" if method == "expert" else METHOD_NAMES[method]
    return (_counts(rows, who), _weakest(rows), _promised(experts))


def _counts(rows: pd.DataFrame, who: str) -> str:
    decided = rows[rows["verdict_defective"].notna()]
    left = len(rows) - len(decided)
    undecided = f" {left} of {counted(len(rows), 'image')} {'was' if left == 1 else 'were'} not judged." if left else ""
    called = decided["verdict_defective"].astype(bool)
    labelled = decided["is_defective"].notna()
    if not labelled.any():
        return f"{who} called {int(called.sum())} of {counted(len(decided), 'image')} defective; there are no labels to measure that by.{undecided}"
    bad = labelled & decided["is_defective"].fillna(value=False).astype(bool)
    found, stopped = share(int(called[bad].sum()), int(bad.sum())), share(int(called[labelled & ~bad].sum()), int((labelled & ~bad).sum()))
    return f"{who} found {_told(found, 'defective')} and stopped {_told(stopped, 'good')}.{undecided}"


def _told(rate: Rate, kind: str) -> str:
    if rate.low is None or rate.high is None:
        return f"none of the {kind} images, for there are none"
    return f"{rate.count} of {counted(rate.total, f'{kind} image')} ({rate.count / rate.total:.0%}; 95 % interval {rate.low:.0%} to {rate.high:.0%})"


def _weakest(rows: pd.DataFrame) -> str:
    kinds = sorted(found_by_kind(rows), key=lambda kind: kind.found / kind.images)
    if not kinds:
        return "Kinds of defect are not told apart in these images."
    worst = kinds[0]
    if worst.found == worst.images:
        return f"{counted(len(kinds), 'kind of defect was', 'kinds of defect were')} met, and found in every image."
    return f"Missed most: {worst.kind} ({worst.images - worst.found} of {counted(worst.images, 'image')}, {worst.dataset})."


def _promised(experts: Mapping[tuple[str, str], KnownExpert]) -> str:
    moved = sorted(category for (_, category), expert in experts.items() if expert.threshold.shift is not None and expert.threshold.shift.shifted)
    if moved:
        return f"The test images of {', '.join(moved)} look unlike the training images: expect false alarms there, or fit again."
    promises = [expert.threshold.promise for expert in experts.values() if expert.threshold.promise is not None]
    if not promises:
        return "The threshold rule promises no rate of false alarms (threshold.method: conformal does)."
    return f"Promised are at most {max(promise.rate for promise in promises):.1%} false alarms among good images like those it learnt from."
