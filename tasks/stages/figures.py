"""Stage of the pictures of a category: score distributions with tau, contact sheet of boxed images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError
from eagle_core.record_table import read_records
from tasks.machinery.inputs import category_of, store_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions
from tasks.stages.threshold import read_threshold

VERSION = 1


def draw(
    config: EagleConfig,
    dataset: str,
    category: str,
    expert: Entry,
    predictions: Entry,
    threshold: Entry,
    records: Sequence[Entry],
) -> Entry:
    """Draw with the records of whatever methods could be run."""
    if not records:
        raise DataError(f"{dataset}/{category}: no method could be run, so there is nothing to draw")
    inputs = {"threshold": threshold.key, "records": [e.key for e in records], "width": config.guidance.line_width}

    def compute(folder: Path) -> None:
        from eagle_core.expert.bundle import load_expert
        from eagle_core.report import contact_sheet, threshold_plot

        fitted = read_threshold(threshold)
        read = read_predictions(predictions.path).by_image
        samples = [s for s in category_of(config, dataset, category).test if s.image_id in read]
        threshold_plot.draw(
            load_expert(expert.path).training_scores.scores,
            [read[s.image_id].score for s in samples],
            [s.is_defective for s in samples],
            fitted,
            folder / "scores.png",
            title=f"{dataset} / {category}",
        )
        table = pd.concat([read_records(e.path / "records.parquet") for e in records], ignore_index=True)
        items = contact_sheet.choose_items(samples, table, line_width=config.guidance.line_width)
        contact_sheet.draw(items, folder / "contact_sheet.png", title=f"{dataset} / {category}")

    return store_of(config).get_or_compute("figures", VERSION, inputs, compute)
