"""Where a benchmark's tasks run: threads of this process, or a Dask cluster when its address is set."""

from __future__ import annotations

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from eagle_core.config import RunConfig


def task_runner(config: RunConfig) -> TaskRunner[Any]:
    """The task runner of ``config``."""
    if config.dask_address is None:
        return ThreadPoolTaskRunner(max_workers=config.workers)
    from prefect_dask import DaskTaskRunner

    return DaskTaskRunner(address=config.dask_address)
