"""How well the expert's maps show where: pixel metrics as rows of a run's summary, beside those of its verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pandas as pd

from eagle_core.evaluation.summary import MACRO, SummaryRow, summary_frame
from eagle_core.record_table import NO_MLLM

METRICS = ("pixel_auroc", "aupro_fpr30", "pixel_iou", "false_pixel_rate", "false_pixel_rate_promised", "pixel_tau")


def localisation_rows(measured: Mapping[tuple[str, str], Mapping[str, float | None]]) -> pd.DataFrame:
    """Each metric of each category whose masks were measured, and the mean over them; without intervals.

    Args:
        measured: By (dataset, category): ``METRICS`` and ``pixel_images``; a ``pixel_auroc`` of None says that no mask could be
            measured.
    """
    rows, values = [], defaultdict[tuple[str, str], list[tuple[float, int]]](list)
    for (dataset, category), found in measured.items():
        if found["pixel_auroc"] is None:
            continue
        images = int(found["pixel_images"] or 0)
        for metric in METRICS:
            value = found[metric]
            if value is not None:
                rows.append(_row(dataset, category, metric, value, images, 1))
                values[dataset, metric].append((value, images))
    for (dataset, metric), known in values.items():
        mean, images = float(np.mean([value for value, _ in known])), sum(count for _, count in known)
        rows.append(_row(dataset, MACRO, f"{metric}_macro", mean, images, len(known)))
    return summary_frame(rows)


def _row(dataset: str, scope: str, metric: str, value: float, images: int, categories: int) -> SummaryRow:
    return SummaryRow(dataset, NO_MLLM, "expert", scope, metric, value, None, None, images, 0, categories)
