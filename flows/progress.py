"""What Prefect's page shows of a run while it goes on, and the table when it is done."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.futures import PrefectFuture

from eagle_core.evaluation.table import ComparisonTable, titled
from flows.live import current

STEP_PERCENT, STEP_SECONDS = 5.0, 1.0
"""Smaller and earlier steps are not told on Prefect's page: each is a call to the server."""


UNNAMEABLE = re.compile(r"[^a-z0-9]+")
"""What Prefect refuses in an artifact's key."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the whole run, from one share of its work to another; about, since parts differ from run to run."""

    start: float
    stop: float


EXPERTS, ANSWERS = Part(0.0, 0.2), Part(0.2, 0.95)
"""The report is what is left."""


class Progress:
    """A progress artifact of the flow run: the share of task runs that are done; and MLflow's, where it follows the run."""

    def __init__(self, description: str, total: int, part: Part) -> None:
        self._done, self._total, self._part = 0, max(total, 1), part
        self._told, self._told_at = 0.0, time.monotonic()
        self._artifact: UUID = create_progress_artifact(0.0, description=description)  # type: ignore[assignment]

    def follow(self, futures: Iterable[PrefectFuture[Any]]) -> None:
        """Wait for ``futures``, in their order, and tell how far the run is."""
        for future in futures:
            future.wait()
            self._done += 1
            percent = min(100.0, 100.0 * self._done / self._total)
            live = current()
            if live is not None:
                live.advance(self._part.start + (self._part.stop - self._part.start) * percent / 100)
            due = percent - self._told >= STEP_PERCENT and time.monotonic() - self._told_at >= STEP_SECONDS
            if due or percent >= 100.0:
                update_progress_artifact(self._artifact, percent)
                self._told, self._told_at = percent, time.monotonic()


def show_tables(tables: Iterable[ComparisonTable]) -> None:
    """Each table as a table artifact of the flow run, found by the key ``results-DATASET``."""
    for table in tables:
        rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
        key = f"results-{UNNAMEABLE.sub('-', table.dataset.lower())}"
        create_table_artifact(rows, key=key, description=titled(table))
