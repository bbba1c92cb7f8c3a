"""The points of a sweep: their configurations, and the metrics of what the graph came to at each.

A point costs little because everything is keyed by what shaped it: experts are fitted once, an answer is asked once
for each prompt and effective alpha. Intervals, pictures and explanations belong to single runs, not to points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eagle_core.config import EagleConfig, EvaluationConfig
from eagle_core.evaluation.summary import summarise
from eagle_core.mmad.summary import question_rows
from tasks.graph.values import Point, records_of
from tasks.machinery.inputs import store_of
from tasks.machinery.params import load_params, parse_assignments
from tasks.machinery.store import Entry

WITHOUT = {"explanation.when": "never"}
"""Laid under a sweep's own values: sentences change no verdict, and asking for them takes longer than answering."""

METRICS_VERSION = 3
METRICS_FILE = "metrics.parquet"
FEWEST_RESAMPLES = 2
"""Their intervals are thrown away."""


def points_of(
    path: Path, profile: str, overrides: Mapping[str, Any], grid: Sequence[Mapping[str, str]]
) -> tuple[Point, ...]:
    """Every point's configuration, checked before anything is computed.

    Args:
        path: params.yaml.
        profile: Of params.yaml.
        overrides: By dotted key, below the points' own values.
        grid: Points as ``grid_points`` gives them; values are YAML, as after ``--set``.
    """
    points = []
    for texts in grid:
        values = parse_assignments(f"{key}={value}" for key, value in texts.items())
        label = " ".join(f"{key}={value}" for key, value in texts.items())
        config = load_params(path, profile, {**WITHOUT, **overrides, **values})
        points.append(Point(label, values, config))
    return tuple(points)


def measure(config: EagleConfig, entries: Sequence[Entry]) -> pd.DataFrame:
    """Every metric of one method's ``records`` entries as ``summarise`` gives it, without intervals; kept in the store.

    Points that differ in what does not reach a method share its metrics. ``gate_open_count`` stands beside them.
    """
    inputs = {"records": [entry.key for entry in entries], "seed": config.run.seed}

    def compute(folder: Path) -> None:
        records = records_of(entries)
        few = EvaluationConfig(bootstrap_samples=FEWEST_RESAMPLES, confidence=config.evaluation.confidence)
        measured = [
            summarise(records, few, seed=config.run.seed),
            question_rows(records, samples=FEWEST_RESAMPLES, confidence=few.confidence, seed=config.run.seed),
        ]
        summary = pd.concat(measured, ignore_index=True).drop(columns=["low", "high"])
        yes_no = records[records["question_type"] == "anomaly_detection"]
        summary["gate_open_count"] = int(yes_no["gate_open"].fillna(value=False).sum())
        summary.to_parquet(folder / METRICS_FILE)

    stored = store_of(config).get_or_compute("metrics", METRICS_VERSION, inputs, compute)
    return pd.read_parquet(stored.path / METRICS_FILE)
