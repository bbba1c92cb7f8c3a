"""The points of a sweep: their configurations, and what each comes to from stages that the store already holds.

A point costs little because everything is keyed by what shaped it: experts are fitted once, an answer is asked once
for each prompt and effective alpha. Intervals, pictures and explanations belong to single runs, not to points.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import Task, task

from eagle_core.config import EagleConfig, EvaluationConfig
from eagle_core.errors import EagleError
from eagle_core.evaluation.summary import summarise
from eagle_core.mmad.summary import question_rows
from eagle_core.record_table import NO_MLLM, read_records
from tasks.machinery.inputs import store_of
from tasks.machinery.params import load_params, parse_assignments
from tasks.machinery.stage import NotRun, entry_of
from tasks.machinery.store import Entry
from tasks.stages import answers, expert_records, knowledge, memory, threshold
from tasks.stages.answers import ECHO_METHODS, Job
from tasks.stages.data import CategoryName

LOG = logging.getLogger("eagle.sweep")
WITHOUT = {"explanation.when": "never"}
"""Laid under a sweep's own values: sentences change no verdict, and asking for them takes longer than answering."""

METRICS_VERSION = 3
METRICS_FILE = "metrics.parquet"
FEWEST_RESAMPLES = 2
"""Their intervals are thrown away."""


@dataclass(frozen=True, slots=True)
class Point:
    """One combination of values of a sweep, or one variant of an experiment."""

    label: str
    values: dict[str, Any]
    """By dotted key: what sets this point apart."""
    config: EagleConfig


@dataclass(frozen=True, slots=True)
class FittedCategory:
    """A category whose expert has read the test images; or why not."""

    name: CategoryName
    expert: Entry | NotRun
    predictions: Entry | NotRun


@dataclass(frozen=True, slots=True)
class PointRecords:
    """The records of one point that one MLLM (or none) answered, and what could not be run."""

    entries: dict[tuple[str, str, str], tuple[Entry, ...]]
    """By (dataset, MLLM, method), category by category."""
    fitted: tuple[FittedCategory, ...]
    thresholds: dict[CategoryName, Entry]
    absences: tuple[tuple[CategoryName, str, str, str], ...]
    """(category, MLLM, method, reason)."""


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


@task(name="point answers", persist_result=False)
def answer_point(config: EagleConfig, mllm: str, fitted: Sequence[FittedCategory]) -> PointRecords:
    """Threshold every category, and let ``mllm`` answer by every method; for ``none``, the expert alone."""
    entries: dict[tuple[str, str, str], tuple[Entry, ...]] = {}
    thresholds: dict[CategoryName, Entry] = {}
    absences: list[tuple[CategoryName, str, str, str]] = []
    retrieved = memories(config, fitted) if mllm != NO_MLLM else {}
    methods = [m for m in config.methods if (m == "expert") == (mllm == NO_MLLM)]
    for category in fitted:
        dataset, name = category.name.dataset, category.name.category
        tau = _here(threshold.fit, config, dataset, name, category.expert, category.predictions)
        if isinstance(tau, Entry):
            thresholds[category.name] = tau
        for method in methods:
            if method == "expert":
                made = _here(expert_records.write, config, dataset, name, category.predictions, tau)
            else:
                read: tuple[Any, ...] = (category.expert, category.predictions, tau)
                if method in ECHO_METHODS:
                    read = (*read, retrieved[dataset], _here(knowledge.gather, config, dataset, name))
                made = _here(answers.ask, config, Job(dataset, name, mllm, method), *read)
            if isinstance(made, Entry):
                group = (dataset, mllm, method)
                entries[group] = (*entries.get(group, ()), made)
            else:
                absences.append((category.name, mllm, method, made.reason))
    return PointRecords(entries, tuple(fitted), thresholds, tuple(absences))


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


def records_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """The records of several ``records`` entries in one table."""
    return pd.concat([read_records(entry.path / "records.parquet") for entry in entries], ignore_index=True)


def memories(config: EagleConfig, fitted: Sequence[FittedCategory]) -> dict[str, Entry | NotRun]:
    """What Echo retrieves from, by dataset; none where no method asks for it."""
    if not ECHO_METHODS & set(config.methods):
        return {}
    found: dict[str, Entry | NotRun] = {}
    for dataset in dict.fromkeys(c.name.dataset for c in fitted):
        mine = [c for c in fitted if c.name.dataset == dataset]
        try:
            found[dataset] = entry_of(memory.build, config, dataset, [c.name.category for c in mine], [c.expert for c in mine])
        except EagleError as error:
            found[dataset] = NotRun("memory", str(error))
    return found


def _here(stage_task: Task[..., Any], *args: Any) -> Entry | NotRun:
    """A stage's function within this task: a Prefect task for each of a sweep's stages would cost more than it does."""
    absent = next((value for value in args if isinstance(value, NotRun)), None)
    if absent is not None:
        return absent
    try:
        return entry_of(stage_task, *args)
    except EagleError as error:
        LOG.warning("%s not run: %s", stage_task.name, error)
        return NotRun(stage_task.name, str(error))
