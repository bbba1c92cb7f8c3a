"""Where the graph's tasks run: threads of this process, or the processes of a Dask cluster (``run.engine``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from eagle_core.config import EagleConfig, EngineConfig
from flows.cluster import cluster_of


@contextmanager
def engine_of(config: EagleConfig) -> Iterator[TaskRunner[Any]]:
    """The task runner of ``config``; a cluster that is started for it ends with the context."""
    engine = config.run.engine
    if engine.kind != "dask":
        yield ThreadPoolTaskRunner(max_workers=engine.workers)
        return
    from prefect_dask import DaskTaskRunner

    with _one_server(), _scheduler(engine) as address:
        yield DaskTaskRunner(address=address)


@contextmanager
def _one_server() -> Iterator[None]:
    """Give every process the address of one Prefect server: one that knows none starts a server of its own."""
    if PREFECT_API_URL.value():
        yield
        return
    # Imported here: with it comes the whole server.
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    server.start()
    with temporary_settings({PREFECT_API_URL: server.api_url}):
        yield


@contextmanager
def _scheduler(engine: EngineConfig) -> Iterator[str]:
    """Address of the cluster's scheduler: the configured one, or that of processes started here."""
    if engine.address is not None:
        yield engine.address
        return
    with cluster_of(engine) as cluster:
        yield cluster.scheduler_address


def with_resources(engine: EngineConfig) -> AbstractContextManager[Any]:
    """Within it, submitted tasks run only where a Dask worker offers ``run.engine.resources``."""
    if engine.kind != "dask" or not engine.resources:
        return nullcontext()
    import dask

    return dask.annotate(resources=dict(engine.resources))
