"""Flow ``sweep``: a grid of parameters for little more than one run. Deployment: ``sweep/ablation``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow

from eagle_core.config import DatasetConfig
from eagle_core.experiments.grid import grid_points
from flows.graph import graph
from flows.live import followed
from flows.runners import engine_of
from tasks.graph import registry
from tasks.graph.values import Point
from tasks.machinery.journal import notes_before_run
from tasks.machinery.progress import progress_bar
from tasks.machinery.provenance import provenance_of
from tasks.machinery.tracking import Tracker
from tasks.preflight.stage import preflight, tell_work
from tasks.sweeps import results
from tasks.sweeps.points import points_of
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
    before = notes_before_run(points[0].config.run.cache_dir)
    preflight(points[0].config, project)
    available = {_datasets(point): point for point in points}
    prepared = {key: registry.DATA(point.config, project) for key, point in available.items()}
    for key, there in prepared.items():
        tell_work([point.config for point in points if _datasets(point) == key], there.categories)
    first = prepared[_datasets(points[0])]
    provenance = provenance_of(points[0].config, {k: v for p in prepared.values() for k, v in p.hashes.items()}, project)
    for name, absent in first.absent.items():
        LOG.warning("dataset %s not run: %s", name, absent.reason)
    data = [prepared[_datasets(point)] for point in points]
    categories = [each.categories for each in data]

    def opened() -> results.LiveSweep:
        identity = results.open_sweep(title, points, provenance, project)
        return results.LiveSweep(identity, Tracker(points[0].config.tracking, project))

    with followed(opened) as live:
        identity = live.identity
        with engine_of(points[0].config) as runner:
            found = graph.with_options(task_runner=runner)(points, categories, pictures=False)
        measured = []
        with progress_bar(identity.title, unit="point") as report:
            for done, (point, each, results_of_point) in enumerate(zip(points, data, found, strict=True), start=1):
                measured.append(results.conclude_point(identity, point, results_of_point, each.absent, project))
                report("", done, len(points))
        return results.conclude_sweep(identity, measured, project, before)


def _datasets(point: Point) -> tuple[DatasetConfig, ...]:
    """What has to be there for a point."""
    return tuple(point.config.datasets.values())
