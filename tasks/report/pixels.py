"""How well the expert's maps show where: pixel metrics as rows of a run's summary, beside those of its verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from eagle_core.evaluation.summary import SummaryRow, summary_frame
from eagle_core.record_table import NO_MLLM
from tasks.graph.values import CategoryResult
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry
from tasks.stages.localisation import read_localisation

METRICS = ("pixel_auroc", "aupro_fpr30", "pixel_iou", "false_pixel_rate", "false_pixel_rate_promised", "pixel_tau")


def pixel_rows(results: Sequence[CategoryResult]) -> pd.DataFrame:
    """Each metric of each category whose masks were measured, and the mean over them; without intervals."""
    rows, values = [], defaultdict[tuple[str, str], list[tuple[float, int]]](list)
    for result in results:
        is_shown = any(m.method == "expert" and not isinstance(m.records, NotRun) for m in result.methods)
        if not is_shown or not isinstance(result.localisation, Entry):
            continue
        measured = read_localisation(result.localisation)
        if measured["pixel_auroc"] is None:
            continue
        images = int(measured["pixel_images"] or 0)
        for metric in METRICS:
            value = measured[metric]
            if value is not None:
                rows.append(_row(result.name.dataset, result.name.category, metric, value, images, 1))
                values[result.name.dataset, metric].append((value, images))
    for (dataset, metric), found in values.items():
        mean, images = float(np.mean([value for value, _ in found])), sum(count for _, count in found)
        rows.append(_row(dataset, "macro", f"{metric}_macro", mean, images, len(found)))
    return summary_frame(rows)


def _row(dataset: str, scope: str, metric: str, value: float, images: int, categories: int) -> SummaryRow:
    return SummaryRow(dataset, NO_MLLM, "expert", scope, metric, value, None, None, images, 0, categories)
