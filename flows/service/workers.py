"""Who judges for the service: its own process, or those of ``run.engine`` where one does not suffice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from eagle_core.config import EagleConfig
from flows.cluster import cluster_of
from tasks.station.judge import Judge


@contextmanager
def judge_of(config: EagleConfig) -> Iterator[Judge]:
    """One judge for every request; processes that are started for it end with the context."""
    engine = config.run.engine
    if engine.kind != "dask":
        yield Judge(config)
        return
    from distributed import Client

    from tasks.station.spread import SpreadJudge

    where = cluster_of(engine, encrypted=True) if engine.address is None else nullcontext(engine.address)
    with where as cluster, Client(cluster, set_as_default=False) as client:
        yield SpreadJudge(config, client)
