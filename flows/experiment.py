"""Flow ``experiment``: a named experiment of the catalogue. Deployments: ``experiment/NAME``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from eagle_core.experiments.catalogue import experiment_named
from flows.sweep import run_points
from tasks.experiments.outcome import ExperimentOutcome, points_of_experiment, write_experiment


@flow(name="experiment", persist_result=False)
def experiment(
    name: str,
    profile: str = "demo",
    overrides: dict[str, Any] | None = None,
    params: str = "params.yaml",
    variants: list[str] | None = None,
) -> ExperimentOutcome:
    """Run every variant of an experiment as a point of a sweep and write its tables and figures.

    Args:
        name: Of the catalogue, such as eagle-table3.
        profile: Of the data: demo, mvtec, visa, paper, …; the experiment's own profile lies over it.
        overrides: Single values by dotted key, below what the experiment varies.
        params: Path of params.yaml; relative to the working directory.
        variants: Labels of those to run; default: all.
    """
    chosen, path = experiment_named(name).only(variants or []), Path(params).resolve()
    points = points_of_experiment(path, chosen, profile, overrides or {})
    return write_experiment(chosen, run_points(chosen.name, points, path.parent), path.parent)
