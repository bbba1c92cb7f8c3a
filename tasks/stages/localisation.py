"""Stage that measures the expert's anomaly maps against the masks."""

from __future__ import annotations

import json
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.evaluation.localisation import localisation_metrics
from tasks.machinery.inputs import category_of, content_hash, store_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions

VERSION = 2


def measure(config: EagleConfig, dataset: str, category: str, expert: Entry, predictions: Entry) -> Entry:
    """Pixel AUROC and PRO of one category; no values where there are no masks."""
    samples = category_of(config, dataset, category).test
    inputs = {
        "predictions": predictions.key,
        "masks": {s.image_id: " ".join(content_hash(mask) for mask in s.masks) for s in samples if s.masks},
    }

    def compute(folder: Path) -> None:
        read = read_predictions(predictions.path).by_image
        metrics = localisation_metrics(
            [(read[s.image_id], s) for s in samples if s.image_id in read], config.expert.preprocessing
        )
        (folder / "localisation.json").write_text(json.dumps(metrics, allow_nan=False), encoding="utf-8")

    return store_of(config).get_or_compute("localisation", VERSION, inputs, compute)


def read_localisation(entry: Entry) -> dict[str, float | None]:
    """Metric name -> value; None where it is undefined."""
    metrics: dict[str, float | None] = json.loads((entry.path / "localisation.json").read_text(encoding="utf-8"))
    return metrics
