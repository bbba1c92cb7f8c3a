"""How well the expert's maps find the defects, as a table that people read: from the summary's pixel metrics.

The maps are the expert's alone: an MLLM that is shown them changes none.
"""

from __future__ import annotations

import pandas as pd

from eagle_core.evaluation.summary import MACRO
from eagle_core.evaluation.table import NO_VALUE, ComparisonTable

MEASURES = {
    "pixel_auroc": "defective pixels ranked above others (pixel AUROC)",
    "aupro_fpr30": "defective regions covered (PRO, up to 30 % false positives)",
    "pixel_iou": "overlap with the masks (IoU)",
    "false_pixel_rate": "false pixels on normal images",
}


def localisation_tables(summary: pd.DataFrame) -> tuple[ComparisonTable, ...]:
    """One table for each dataset that has a value: categories across, pixel AUROC and PRO down."""
    found = summary[summary["metric"].isin([*MEASURES, *(f"{metric}_macro" for metric in MEASURES)]) & summary["value"].notna()]
    return tuple(_table(str(dataset), part) for dataset, part in found.groupby("dataset", sort=False))


def _table(dataset: str, part: pd.DataFrame) -> ComparisonTable:
    categories = sorted(set(part["scope"]) - {MACRO})
    values = {(row.metric, row.scope): f"{row.value:.3f}" for row in part.itertuples()}
    rows = tuple(
        ("–", name, *(values.get((metric, c), NO_VALUE) for c in categories), values.get((f"{metric}_macro", MACRO), NO_VALUE))
        for metric, name in MEASURES.items()
        if metric in set(part["metric"])
    )
    header = ("", "detector's maps against the masks", *categories, "mean (macro)")
    return ComparisonTable(dataset, "localisation_of_defects", header, rows, ())
