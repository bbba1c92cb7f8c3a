"""Judging by the processes of a Dask cluster, each with its own network and experts in memory."""

from __future__ import annotations

from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, WorkerPlugin, get_worker

from eagle_core.config import EagleConfig
from eagle_core.station.verdict import Levels
from tasks.station.database import Unreachable
from tasks.station.judge import Judge, Judgement

PLUGIN = "eagle station"
LONGEST_SECONDS = 120.0


class Judging(WorkerPlugin):
    """What every judging process has, also one that is started in place of one that died."""

    name = PLUGIN

    def __init__(self, config: EagleConfig) -> None:
        self.config = config

    def setup(self, worker: Any) -> None:
        """Called by Dask when the process begins."""
        self.judge = Judge(self.config)


class SpreadJudge(Judge):
    """As many at once as there are processes; a part whose process dies is judged by another one."""

    def __init__(self, config: EagleConfig, client: Client) -> None:
        super().__init__(config)
        self._client = client
        self._resources = dict(config.run.engine.resources) or None
        client.register_plugin(Judging(config))

    @property
    def processes(self) -> int:
        """That judge now."""
        return len(self._client.nthreads())

    def judge(self, category: str, image: Path, entry_key: str, levels: Levels) -> Judgement:
        """As one process does.

        An image whose processes die one after the other is ``not_judged``.

        Raises:
            Unreachable: No process answers.
        """
        future = self._client.submit(
            _judged_there, category, image, entry_key, levels, pure=False, resources=self._resources
        )
        try:
            judgement: Judgement = future.result(LONGEST_SECONDS)
        except KilledWorker:
            told = "the processes that judged it died one after the other; look at the image, and at the station's memory"
            return Judgement("not_judged", told, (), None, None, None, {})
        except (OSError, TimeoutError, CancelledError) as error:
            future.cancel()
            told = f"no judging process answers ({type(error).__name__}); send it again, or look at run.engine"
            raise Unreachable(told) from error
        return judgement


def _judged_there(category: str, image: Path, entry_key: str, levels: Levels) -> Judgement:
    here = get_worker().plugins[PLUGIN]
    assert isinstance(here, Judging)
    return here.judge.judge(category, image, entry_key, levels)
