"""Stage that measures the expert's anomaly maps against the masks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.data.masks import read_masks_of
from eagle_core.evaluation.localisation import localisation_metrics
from eagle_core.expert.bundle import load_expert
from eagle_core.records import ExpertPrediction, Sample
from eagle_core.threshold.pixels import fit_pixel_threshold
from tasks.machinery.inputs import category_of, content_hash, store_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions

VERSION = 4
REMARKS = "remarks.json"


def measure(config: EagleConfig, dataset: str, category: str, expert: Entry, predictions: Entry) -> Entry:
    """Pixel AUROC and PRO of one category; no values where there are no masks."""
    samples = category_of(config, dataset, category).test
    inputs = {
        "predictions": predictions.key,
        "false_pixel_rate": config.threshold.false_pixel_rate,
        "masks": {s.image_id: " ".join(content_hash(mask) for mask in s.masks) for s in samples if s.masks},
    }

    def compute(folder: Path) -> None:
        read = read_predictions(predictions.path).by_image
        threshold = fit_pixel_threshold(load_expert(expert.path).training_scores, config.threshold.false_pixel_rate)
        metrics = localisation_metrics(
            [(read[s.image_id], s) for s in samples if s.image_id in read],
            config.expert.preprocessing,
            lambda sample, size: read_masks_of(sample, size).defective,
            tau=None if threshold is None else threshold.tau,
        )
        remarks = [f"{s.image_id}: {remark}" for s in samples if s.masks and s.is_defective for remark in _remarks(s, read)]
        (folder / REMARKS).write_text(json.dumps(remarks), encoding="utf-8")
        metrics["pixel_tau"] = None if threshold is None else threshold.tau
        metrics["false_pixel_rate_promised"] = None if threshold is None else threshold.rate
        (folder / "localisation.json").write_text(json.dumps(metrics, allow_nan=False), encoding="utf-8")

    return store_of(config).get_or_compute("localisation", VERSION, inputs, compute)


def _remarks(sample: Sample, read: Mapping[str, ExpertPrediction]) -> Iterator[str]:
    """What about a sample's masks could not be put right, in words."""
    prediction = read.get(sample.image_id)
    if prediction is None:
        return
    seen = read_masks_of(sample, prediction.image_size).remarks
    if "inverted" in seen:
        yield "its mask marks most of the image up to its rim: is it inverted? `eagle data check DIR --fix NEW` turns it round"
    if "perhaps_turned" in seen:
        yield "its photograph is turned (EXIF), and its mask may have been drawn before: check that it fits"


def mask_remarks(entry: Entry) -> list[str]:
    """What is doubtful about the masks that were measured against, by image."""
    remarks: list[str] = json.loads((entry.path / REMARKS).read_text(encoding="utf-8"))
    return remarks


def read_localisation(entry: Entry) -> dict[str, float | None]:
    """Metric name -> value; None where it is undefined."""
    metrics: dict[str, float | None] = json.loads((entry.path / "localisation.json").read_text(encoding="utf-8"))
    return metrics
