"""Flow ``eagle``: the whole benchmark of a profile, from data to MLflow. Deployment: ``eagle/full-benchmark``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from prefect import flow

from eagle_core.config import EagleConfig
from eagle_core.evaluation.localisation_table import localisation_tables
from eagle_core.evaluation.table import comparison_tables
from flows.graph import graph
from flows.live import followed
from flows.progress import show_tables
from flows.runners import engine_of
from tasks.graph import registry
from tasks.graph.values import Point
from tasks.machinery.journal import notes_before_run
from tasks.machinery.params import load_params
from tasks.machinery.provenance import provenance_of
from tasks.preflight.stage import preflight, tell_work
from tasks.report.conclusion import Outcome, conclude
from tasks.report.live_run import LiveBenchmark

LOG = logging.getLogger("eagle.flow")


@flow(name="eagle", persist_result=False)
def eagle(profile: str = "demo", overrides: dict[str, Any] | None = None, params: str = "params.yaml") -> Outcome:
    """Run every dataset x MLLM x method of a profile of ``params`` and log it to MLflow.

    Args:
        profile: Overlay of params.yaml: demo, mvtec, visa, paper, …
        overrides: Single values over it by dotted key, such as {"caas.alpha": 0.3}.
        params: Path of params.yaml; relative to the working directory.
    """
    path = Path(params).resolve()
    config = load_params(path, profile, overrides)
    return run_benchmark(config, path.parent)


def run_benchmark(config: EagleConfig, project: Path) -> Outcome:
    """The steps of the flow once the configuration is known."""
    before = notes_before_run(config.run.cache_dir)
    preflight(config, project)
    available = registry.DATA(config, project)
    tell_work([config], available.categories)
    provenance = provenance_of(config, available.hashes, project)
    LOG.info("run %s: %d categories", provenance.run_id, len(available.categories))
    point = Point("run", {}, config)
    with followed(lambda: LiveBenchmark(config, project, provenance)):
        with engine_of(config) as runner:
            [results] = graph.with_options(task_runner=runner)([point], [available.categories], pictures=True)
        outcome = conclude(config, project, provenance, available, results, notes_before=before)
    compared = comparison_tables(
        outcome.summary, confidence=config.evaluation.confidence, not_run=outcome.absences, unread=outcome.unread
    )
    show_tables((*compared, *localisation_tables(outcome.summary)))
    return outcome
