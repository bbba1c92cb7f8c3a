"""Flow ``sweep``: a grid of parameters for little more than one run. Deployment: ``sweep/ablation``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.futures import PrefectFuture, as_completed

from eagle_core.config import DatasetConfig
from eagle_core.experiments.grid import grid_points
from eagle_core.record_table import NO_MLLM
from flows.runners import task_runner
from tasks.machinery.progress import progress_bar
from tasks.machinery.provenance import provenance_of
from tasks.stages import expert
from tasks.stages.data import CategoryName, prepare_data
from tasks.sweeps import results
from tasks.sweeps.points import FittedCategory, Point, answer_point, points_of
from tasks.sweeps.results import SweepOutcome

LOG = logging.getLogger("eagle.flow")
DEFAULT_GRID = {"caas.alpha": "0:1:0.1", "threshold.kappa": "1:4:0.5"}


@flow(name="sweep", persist_result=False)
def sweep(
    profile: str = "demo",
    grid: dict[str, str] = DEFAULT_GRID,
    overrides: dict[str, Any] | None = None,
    params: str = "params.yaml",
) -> SweepOutcome:
    """Run every point of ``grid`` over a profile and log each as a child of one MLflow run.

    Args:
        profile: Overlay of params.yaml.
        grid: By dotted key: ``start:stop:step``, both ends included, or ``a,b,c``.
        overrides: Single values for all points by dotted key.
        params: Path of params.yaml; relative to the working directory.
    """
    path = Path(params).resolve()
    points = points_of(path, profile, overrides or {}, grid_points(grid))
    return run_points("sweep", points, path.parent)


def run_points(title: str, points: Sequence[Point], project: Path) -> SweepOutcome:
    """Fit what the points need, let each MLLM answer all points before the next is loaded, measure point by point."""
    available = {_datasets(point): point for point in points}
    prepared = {key: prepare_data(point.config, project) for key, point in available.items()}
    first = prepared[_datasets(points[0])]
    provenance = provenance_of(points[0].config, {k: v for p in prepared.values() for k, v in p.hashes.items()}, project)
    for name, absent in first.absent.items():
        LOG.warning("dataset %s not run: %s", name, absent.reason)
    identity = results.open_sweep(title, points, provenance, project)
    runner = points_of_sweep.with_options(task_runner=task_runner(points[0].config.run))
    measured = runner(identity, points, [prepared[_datasets(p)].categories for p in points], project)
    return results.conclude_sweep(identity, measured, project)


@flow(name="sweep points", persist_result=False)
def points_of_sweep(
    identity: results.SweepIdentity,
    points: Sequence[Point],
    categories: Sequence[Sequence[CategoryName]],
    project: Path,
) -> list[results.PointResult]:
    """Results in the order of ``points``; ``categories`` are those of each point."""
    fitted = _fit(points, categories)
    answered: list[list[Any]] = [[] for _ in points]
    for mllm in dict.fromkeys((NO_MLLM, *(name for point in points for name in point.config.mllms))):
        for point, own, mine in zip(points, fitted, answered, strict=True):
            if mllm == NO_MLLM or mllm in point.config.mllms:
                mine.append(answer_point.submit(point.config, mllm, own))
    concluded = [
        results.conclude_point.submit(identity, point, mine, project)
        for point, mine in zip(points, answered, strict=True)
    ]
    with progress_bar(identity.title, unit="point") as report:
        for done, _ in enumerate(as_completed(concluded), start=1):
            report("", done, len(points))
    return [future.result() for future in concluded]


def _fit(points: Sequence[Point], categories: Sequence[Sequence[CategoryName]]) -> list[list[FittedCategory]]:
    """Each point's categories; points that differ only behind the expert share one fit."""
    shared: dict[Any, tuple[PrefectFuture[Any], PrefectFuture[Any]]] = {}
    keys = [
        [(p.config.expert, p.config.datasets[name.dataset], p.config.run.seed, name) for name in names]
        for p, names in zip(points, categories, strict=True)
    ]
    for point, own in zip(points, keys, strict=True):
        for key in own:
            if key not in shared:
                name = key[-1]
                made = expert.fit.submit(point.config, name.dataset, name.category)
                shared[key] = (made, expert.score.submit(point.config, name.dataset, name.category, made))
    fitted = {key: FittedCategory(key[-1], made.result(), read.result()) for key, (made, read) in shared.items()}
    return [[fitted[key] for key in own] for own in keys]


def _datasets(point: Point) -> tuple[DatasetConfig, ...]:
    """What has to be there for a point."""
    return tuple(point.config.datasets.values())
