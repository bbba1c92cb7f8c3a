"""Flow ``eagle``: the whole benchmark of a profile, from data to MLflow. Deployment: ``eagle/full-benchmark``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from prefect import flow

from eagle_core.config import EagleConfig
from flows.benchmark import benchmark
from flows.runners import task_runner
from tasks.machinery.params import load_params
from tasks.machinery.provenance import provenance_of
from tasks.report.conclusion import Outcome, conclude
from tasks.stages.data import prepare_data

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
    available = prepare_data(config, project)
    provenance = provenance_of(config, available.hashes, project)
    LOG.info("run %s: %d categories", provenance.run_id, len(available.categories))
    runner = benchmark.with_options(task_runner=task_runner(config.run))
    results = runner(config, available.categories)
    return conclude(config, project, provenance, available, results)
