"""The promised and achieved rates of a run's categories: read from the store, named for MLflow."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from eagle_core.evaluation.promises import KeptPromise, kept_promise
from eagle_core.records import Threshold
from tasks.machinery.store import Entry
from tasks.stages.threshold import read_threshold


def promises_of(
    thresholds: Mapping[tuple[str, str], Entry], records: pd.DataFrame, confidence: float
) -> tuple[KeptPromise, ...]:
    """One for each category whose rule promises a rate, by (dataset, category)."""
    made = (kept_promise(*name, read_threshold(entry), records, confidence) for name, entry in thresholds.items())
    return tuple(promise for promise in made if promise is not None)


def promise_metrics(threshold: Threshold, records: pd.DataFrame, name: tuple[str, str], confidence: float) -> dict[str, float]:
    """For MLflow; of a rule that promises no rate, how many different parts it was fitted from."""
    shown = {} if threshold.different_parts is None else {"different_parts": threshold.different_parts}
    kept = kept_promise(*name, threshold, records, confidence)
    if kept is None:
        return shown
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
    return shown | {key: value for key, value in known.items() if value is not None}


def promise_tags(threshold: Threshold) -> dict[str, str]:
    """What the promise rests on, in words."""
    if threshold.promise is None:
        return {}
    return {"promise.calibration": threshold.promise.calibration, "promise.statement": threshold.promise.statement}
