"""What a sweep leaves behind: MLflow's parent and children, ``points.parquet`` (every metric) and ``points.csv``.

The folder is ``<output_dir>/<title>/<sweep_id>/``; the title is ``sweep`` or an experiment's name.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from prefect import task

from eagle_core.errors import FitError
from eagle_core.evaluation.completeness import missing_at_points, missing_lines
from eagle_core.evaluation.sweep_table import (
    MeasuredPoint,
    distinct_points,
    gate_counts,
    long_table,
    no_metrics,
    wide_table,
)
from eagle_core.record_table import NO_MLLM, to_frame
from eagle_core.whole_file import written_whole
from eagle_core.written_text import write_csv
from tasks.graph.values import CategoryResult, Point, records_of
from tasks.machinery.journal import read_journal
from tasks.machinery.provenance import Provenance, with_parameters
from tasks.machinery.pruning import note_needed
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry
from tasks.machinery.tracking import Tracker
from tasks.report.live_run import LiveRun, open_run
from tasks.report.missing import absent_datasets, absent_methods, fitted_categories, unread_images
from tasks.report.run_content import logged_params, parent_content
from tasks.report.timings import Timing, as_metrics, timings_of
from tasks.stages.data import CategoryName
from tasks.stages.threshold import read_threshold
from tasks.sweeps.points import measure


@dataclass(frozen=True, slots=True)
class SweepIdentity:
    """What a sweep is found again by."""

    sweep_id: str
    """12 hex digits of the points' parameters, data and commit: the same sweep again continues."""
    title: str
    provenance: Provenance
    """Of the first point."""
    folder: Path
    mlflow_run_id: str


class Subject(NamedTuple):
    """What one row of a table is about."""

    dataset: str
    mllm: str
    method: str


class LiveSweep(LiveRun):
    """The open run of a sweep, whose children are its points."""

    def __init__(self, identity: SweepIdentity, tracker: Tracker) -> None:
        """Take it up."""
        super().__init__(tracker, identity.mlflow_run_id)
        self.identity = identity


@dataclass(frozen=True, slots=True)
class PointResult:
    """What one point came to."""

    point: Point
    summary: pd.DataFrame
    """Columns of ``summarise`` without intervals, and ``gate_open_count``."""
    categories: tuple[CategoryResult, ...]
    """What the graph came to."""
    mlflow_run_id: str
    missing: tuple[str, ...] = ()
    """What was asked for at this point and is not there, a line each."""

    @property
    def measured(self) -> MeasuredPoint:
        """What the sweep's tables show of it."""
        return MeasuredPoint(self.point.label, self.point.values, self.summary)

    @property
    def groups(self) -> dict[Subject, tuple[Entry, ...]]:
        """Records of every method that could be run, category by category; the expert's, then MLLM by MLLM."""
        found: dict[Subject, tuple[Entry, ...]] = {}
        for category in self.categories:
            for done in category.methods:
                if not isinstance(done.records, NotRun):
                    subject = Subject(category.name.dataset, done.mllm, done.method)
                    found[subject] = (*found.get(subject, ()), *done.records)
        mllms = (NO_MLLM, *self.point.config.mllms)
        return dict(sorted(found.items(), key=lambda item: mllms.index(item[0].mllm)))

    @property
    def thresholds(self) -> dict[CategoryName, Entry]:
        """Of every category that has one."""
        return {c.name: c.threshold for c in self.categories if isinstance(c.threshold, Entry)}


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """What a sweep ends with."""

    identity: SweepIdentity
    results: tuple[PointResult, ...]
    timings: tuple[Timing, ...]
    """Where the seconds went."""

    @property
    def table(self) -> pd.DataFrame:
        """One row for each point, dataset, MLLM and method; metrics are columns."""
        return wide_table([result.measured for result in self.results])

    @property
    def distinct(self) -> int:
        """How many points differ from every earlier one in a metric."""
        return distinct_points(self.table, [key for result in self.results for key in result.point.values])

    @property
    def missing(self) -> tuple[str, ...]:
        """What was asked for and is not there, a line each; empty: everything was done."""
        return missing_at_points({result.point.label: result.missing for result in self.results})


@task(name="sweep identity", persist_result=False)
def open_sweep(title: str, points: Sequence[Point], provenance: Provenance, project: Path) -> SweepIdentity:
    """Name the sweep and make its parent run, so that points appear in MLflow as they are done."""
    config = points[0].config
    described = json.dumps([title, [[p.label, with_parameters(provenance, p.config).run_id] for p in points]])
    sweep_id = hashlib.sha256(described.encode()).hexdigest()[:12]
    folder = config.run.output_dir / title / sweep_id
    folder.mkdir(parents=True, exist_ok=True)
    own = dataclasses.replace(provenance, run_id=sweep_id)
    content = dataclasses.replace(
        parent_content(config, own, no_metrics(), folder),
        name=f"{title} {sweep_id}",
        params=_shared(points) | _varied(points),
        artifacts=(),
    )
    return SweepIdentity(sweep_id, title, own, folder, open_run(Tracker(config.tracking, project), content))


@task(name="point metrics", persist_result=False)
def conclude_point(
    identity: SweepIdentity, point: Point, categories: Sequence[CategoryResult], absent: Mapping[str, NotRun], project: Path
) -> PointResult:
    """Measure one point and log it as a child of the sweep's run; nothing of it could be run: no metrics.

    ``absent`` are the point's datasets that are not there, by name.
    """
    result = PointResult(point, no_metrics(), tuple(categories), "")
    measured = [measure(point.config, entries) for entries in result.groups.values()]
    summary = pd.concat(measured, ignore_index=True) if measured else no_metrics()
    own = with_parameters(identity.provenance, point.config)
    content = parent_content(point.config, own, summary, identity.folder)
    run = Tracker(point.config.tracking, project).log(
        dataclasses.replace(
            content,
            identity=f"{identity.sweep_id}/{hashlib.sha256(point.label.encode()).hexdigest()[:12]}",
            name=point.label,
            metrics={**content.metrics, **_fitted(summary, result)},
            artifacts=(),
        ),
        parent=identity.mlflow_run_id,
    )
    return dataclasses.replace(result, summary=summary, mlflow_run_id=run, missing=_missing(result, absent))


@task(name="sweep table", persist_result=False)
def conclude_sweep(
    identity: SweepIdentity, results: Sequence[PointResult], project: Path, notes_before: int
) -> SweepOutcome:
    """Write the tables of all points and finish the parent run.

    Args:
        identity: Of the sweep.
        results: Of its points.
        project: Folder of params.yaml.
        notes_before: How many lines the store's journal had before the graph ran.

    Raises:
        FitError: Nothing of any point could be run.
    """
    if all(result.summary.empty for result in results):
        reasons = missing_at_points({result.point.label: result.missing for result in results})
        raise FitError(f"{identity.title}: nothing could be run: {'; '.join(reasons)}")
    points = [result.measured for result in results]
    with written_whole(identity.folder / "points.parquet") as aside:
        long_table(points).to_parquet(aside)
    table = wide_table(points)
    with written_whole(identity.folder / "points.csv") as aside:
        write_csv(table, aside)
    note_needed((entry for result in results for category in result.categories for entry in category.sources()), identity.folder)
    notes = read_journal(results[0].point.config.run.cache_dir)[notes_before:]
    outcome = SweepOutcome(identity, tuple(results), timings_of(notes))
    log_parent(outcome, project, [(identity.folder / "points.parquet", ""), (identity.folder / "points.csv", "")])
    return outcome


def log_parent(outcome: SweepOutcome, project: Path, artifacts: Sequence[tuple[Path, str]]) -> None:
    """Log the sweep's own run with files of its folder; what was logged before stays."""
    identity, points = outcome.identity, [result.point for result in outcome.results]
    content = parent_content(points[0].config, identity.provenance, no_metrics(), identity.folder)
    Tracker(points[0].config.tracking, project).log(
        dataclasses.replace(
            content,
            name=f"{identity.title} {identity.sweep_id}",
            params=_shared(points) | _varied(points),
            metrics={"points": float(len(points)), **as_metrics(outcome.timings)},
            artifacts=list(artifacts),
        )
    )


def _missing(result: PointResult, absent: Mapping[str, NotRun]) -> tuple[str, ...]:
    entries = [entry for mine in result.groups.values() for entry in mine]
    absences = [*absent_datasets(absent), *absent_methods(result.categories)]
    records = records_of(entries) if entries else to_frame([])
    return missing_lines(records, absences, fitted_categories(result.categories), unread_images(result.categories))


def _fitted(summary: pd.DataFrame, result: PointResult) -> dict[str, float]:
    """tau and s_max of every category, and how often the gate opened for each method."""
    found = {}
    for name, entry in result.thresholds.items():
        fitted = read_threshold(entry)
        found[f"{name.dataset}/{name.category}/tau"] = fitted.tau
        found[f"{name.dataset}/{name.category}/s_max"] = fitted.s_max
    return found | gate_counts(summary)


def _shared(points: Sequence[Point]) -> dict[str, Any]:
    """Parameters that are the same at every point."""
    parameters = [logged_params(point.config) for point in points]
    return {k: v for k, v in parameters[0].items() if all(p.get(k) == v for p in parameters[1:])}


def _varied(points: Sequence[Point]) -> dict[str, str]:
    """Each varied key with all its values, under ``sweep.KEY``."""
    keys = dict.fromkeys(key for p in points for key in p.values)
    return {f"sweep.{k}": " ".join(dict.fromkeys(str(p.values.get(k, "–")) for p in points)) for k in keys}
