"""The promised and achieved rates of a run's categories: kept by what they are made from, named for MLflow."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.evaluation.promises import KeptPromise, kept_promise, promise_from
from eagle_core.records import Threshold
from tasks.machinery.inputs import store_of
from tasks.machinery.store import Entry
from tasks.stages.threshold import read_threshold

VERSION = 1
FILE = "promises.json"


def promises_of(
    config: EagleConfig, thresholds: Mapping[tuple[str, str], Entry], sources: Sequence[Entry], records: pd.DataFrame
) -> dict[tuple[str, str], KeptPromise]:
    """By (dataset, category), of those whose rule promises a rate.

    Args:
        config: Its confidence of intervals is read.
        thresholds: By (dataset, category).
        sources: The entries that ``records`` was read from, in its order.
        records: Of a whole run.
    """
    inputs = {
        "thresholds": [[*name, entry.key] for name, entry in thresholds.items()],
        "records": [entry.key for entry in sources],
        "confidence": config.evaluation.confidence,
    }

    def compute(folder: Path) -> None:
        made = [kept_promise(*name, read_threshold(t), records, config.evaluation.confidence) for name, t in thresholds.items()]
        described = [dataclasses.asdict(promise) for promise in made if promise is not None]
        (folder / FILE).write_text(json.dumps(described, allow_nan=False), encoding="utf-8")

    entry = store_of(config).get_or_compute("promises", VERSION, inputs, compute)
    kept = [promise_from(fields) for fields in json.loads((entry.path / FILE).read_text(encoding="utf-8"))]
    return {(promise.dataset, promise.category): promise for promise in kept}


def promise_metrics(threshold: Threshold, kept: KeptPromise | None) -> dict[str, float]:
    """For MLflow; of a rule that promises no rate, how many different parts it was fitted from."""
    shown = {} if threshold.different_parts is None else {"different_parts": threshold.different_parts}
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
