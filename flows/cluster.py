"""Starts the processes of a Dask cluster on this machine (``run.engine``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eagle_core.config import EngineConfig


@contextmanager
def cluster_of(engine: EngineConfig, *, encrypted: bool = False) -> Iterator[Any]:
    """A ``LocalCluster`` of ``engine.workers`` processes, one thread each; one that dies is started again.

    The processes are spawned, not forked: what this one has loaded and locked is not theirs. Their CPU threads are set
    by the tasks (``run.threads``), because Dask starts them with OMP_NUM_THREADS=1.

    Args:
        engine: How many, and how large.
        encrypted: They talk over TLS, with credentials that are made now and are nowhere but in their memory: nobody else
            on this machine can send them work.
    """
    import dask
    from distributed import LocalCluster

    spawned = dask.config.set({"distributed.worker.multiprocessing-method": "spawn"})
    with spawned, LocalCluster(
        n_workers=engine.workers,
        threads_per_worker=1,
        processes=True,
        memory_limit=engine.memory_limit or "auto",
        resources=dict(engine.resources) or None,
        # No dashboard; the scheduler's small HTTP server takes a free port, of loopback.
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        security=encrypted or None,
        preload=["flows"],  # first, for what its import sets
    ) as cluster:
        yield cluster
