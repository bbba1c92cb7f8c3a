"""What Prefect's page shows of a run while it goes on, and the table when it is done."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.futures import PrefectFuture

from eagle_core.evaluation.table import ComparisonTable

STEP_PERCENT = 5.0
"""Smaller steps are not told: each is a call to the server."""


UNNAMEABLE = re.compile(r"[^a-z0-9]+")
"""What Prefect refuses in an artifact's key."""


class Progress:
    """A progress artifact of the flow run: the share of task runs that are done."""

    def __init__(self, description: str, total: int) -> None:
        self._done, self._total, self._told = 0, max(total, 1), 0.0
        self._artifact: UUID = create_progress_artifact(0.0, description=description)  # type: ignore[assignment]

    def follow(self, futures: Iterable[PrefectFuture[Any]]) -> None:
        """Wait for ``futures``, in their order, and tell how far the run is."""
        for future in futures:
            future.wait()
            self._done += 1
            percent = min(100.0, 100.0 * self._done / self._total)
            if percent - self._told >= STEP_PERCENT or percent >= 100.0:
                update_progress_artifact(self._artifact, percent)
                self._told = percent


def show_tables(tables: Iterable[ComparisonTable]) -> None:
    """Each table as a table artifact of the flow run, found by the key ``results-DATASET``."""
    for table in tables:
        rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
        key = f"results-{UNNAMEABLE.sub('-', table.dataset.lower())}"
        create_table_artifact(rows, key=key, description=f"{table.dataset}: {table.metric.replace('_', ' ')}")
