"""Experts side by side: how well each tells images and pixels apart, what it keeps of a promise, and what it costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eagle_core.evaluation.classification import auroc
from eagle_core.experiments.tables.rates import rate_columns
from tasks.graph.values import CategoryResult, records_of
from tasks.machinery.store import Entry
from tasks.stages.expert import read_seconds
from tasks.stages.localisation import measure, read_localisation
from tasks.sweeps.results import PointResult, SweepOutcome

MIB = 2**20


def expert_ranking(sweep: SweepOutcome) -> pd.DataFrame:
    """One row for each point and dataset, the best image AUROC first; what could not be run is not in it.

    ``image_auroc`` and ``pro`` are means over categories (``pro``: up to 30 % false pixels, of categories with masks).
    ``fit_seconds`` and ``judge_milliseconds`` were measured when it was computed, loading included; ``mib`` is what all
    categories take on disk.
    """
    rows = [row for result in sweep.results for row in _of_point(result)]
    table = pd.DataFrame(rows)
    return table if table.empty else table.sort_values(["dataset", "image_auroc"], ascending=[True, False])


def _of_point(result: PointResult) -> list[dict[str, object]]:
    rows = []
    for dataset in result.point.config.datasets:
        mine = [c for c in result.categories if c.name.dataset == dataset and isinstance(c.predictions, Entry)]
        entries = [e for c in mine for done in c.methods if done.method == "expert" for e in _entries(done.records)]
        if entries:
            rows.append(_row(result, dataset, mine, entries))
    return rows


def _entries(records: object) -> tuple[Entry, ...]:
    return records if isinstance(records, tuple) else ()


def _row(result: PointResult, dataset: str, categories: list[CategoryResult], entries: list[Entry]) -> dict[str, object]:
    config = result.point.config
    records = records_of(entries).dropna(subset=["is_defective", "expert_score"])
    aurocs = [
        auroc(part["is_defective"].to_numpy(bool), part["expert_score"].to_numpy(float))
        for _, part in records.groupby("category")
    ]
    experts = [c.expert for c in categories if isinstance(c.expert, Entry)]
    predictions = [c.predictions for c in categories if isinstance(c.predictions, Entry)]
    pro = [
        read_localisation(measure(config, dataset, c.name.category, c.expert, c.predictions))["aupro_fpr30"]
        for c in categories
        if isinstance(c.expert, Entry) and isinstance(c.predictions, Entry)
    ]
    return {
        "point": result.point.label,
        "dataset": dataset,
        "kind": config.expert.kind,
        "backbone": config.expert.backbone.name,
        "image_auroc": _mean(aurocs),
        "pro": _mean(pro),
        **rate_columns(records, config.threshold),
        "fit_seconds": sum(read_seconds(e) for e in experts),
        "judge_milliseconds": 1000 * sum(read_seconds(e) for e in predictions) / len(records),
        "mib": sum(f.stat().st_size for e in experts for f in e.path.glob("expert.*")) / MIB,
    }


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
