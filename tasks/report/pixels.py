"""Pixel metrics of a run's categories, read from the store."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eagle_core.evaluation.localisation_rows import localisation_rows
from tasks.graph.values import CategoryResult
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry
from tasks.stages.localisation import read_localisation


def pixel_rows(results: Sequence[CategoryResult]) -> pd.DataFrame:
    """Rows of the summary for the categories whose expert stands in the run's table."""
    shown = [r for r in results if any(m.method == "expert" and not isinstance(m.records, NotRun) for m in r.methods)]
    return localisation_rows(
        {(r.name.dataset, r.name.category): read_localisation(r.localisation) for r in shown if isinstance(r.localisation, Entry)}
    )
