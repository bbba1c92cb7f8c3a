"""Judging by the processes of a Dask cluster, each with its own network and experts in memory."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import CancelledError
from pathlib import Path

from distributed import Client, KilledWorker

from eagle_core.config import EagleConfig
from eagle_core.station.verdict import Levels
from tasks.station.database import Unreachable
from tasks.station.judge import Judge, Judgement

LONGEST_SECONDS = 120.0
_held: dict[str, Judge] = {}
"""In a judging process: the judge of the station that asked last, under that station's name."""


class SpreadJudge(Judge):
    """As many at once as there are processes; a part whose process dies is judged by another one."""

    def __init__(self, config: EagleConfig, client: Client) -> None:
        super().__init__(config)
        self._client, self._name = client, uuid.uuid4().hex
        self._resources = dict(config.run.engine.resources) or None

    @property
    def processes(self) -> int:
        """That judge now."""
        return len(self._client.nthreads())

    def prepare(self, entry_keys: Sequence[str]) -> None:
        """As one process does, in each; one that is started later loads with its first part."""
        try:
            self._client.run(_prepared_there, self._name, self._config, entry_keys)
        except (OSError, TimeoutError) as error:
            raise Unreachable(f"a judging process does not answer ({type(error).__name__})") from error

    def judge(self, category: str, image: Path, entry_key: str, levels: Levels) -> Judgement:
        """As one process does.

        An image whose processes die one after the other is ``not_judged``.

        Raises:
            Unreachable: No process answers.
        """
        asked = (self._name, self._config, category, image, entry_key, levels)
        try:
            future = self._client.submit(_judged_there, *asked, pure=False, resources=self._resources)
            judgement: Judgement = future.result(LONGEST_SECONDS)
        except KilledWorker:
            told = "the processes that judged it died one after the other; look at the image, and at the station's memory"
            return Judgement("not_judged", told, (), None, None, None, {})
        except (OSError, TimeoutError, CancelledError) as error:
            told = f"no judging process answers ({type(error).__name__}); send it again, or look at run.engine"
            raise Unreachable(told) from error
        return judgement


def _judge_there(station: str, config: EagleConfig) -> Judge:
    if station not in _held:
        _held.clear()
        _held[station] = Judge(config)
    return _held[station]


def _prepared_there(station: str, config: EagleConfig, entry_keys: Sequence[str]) -> None:
    _judge_there(station, config).prepare(entry_keys)


def _judged_there(station: str, config: EagleConfig, category: str, image: Path, entry_key: str, levels: Levels) -> Judgement:
    return _judge_there(station, config).judge(category, image, entry_key, levels)
