"""Stage that measures the expert's anomaly maps against the masks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from eagle_core.config import EagleConfig
from eagle_core.counted import counted
from eagle_core.records import ExpertPrediction, Sample
from tasks.machinery.inputs import category_of, content_hash, limit_threads, store_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions

if TYPE_CHECKING:
    from eagle_core.data.masks import Remark

VERSION = 6
REMARKS = "remarks.json"
LISTED = 3
"""Images that a sentence names."""
_INVERTED = "is it inverted? `eagle data check DIR --fix NEW` turns it round"
_REDRAW = "pixel numbers count it as it stands; `eagle data check` lists them"
DOUBTS: dict[Remark, tuple[str, str]] = {
    "inverted": (f"mask marks most of its image up to the rim ({_INVERTED})", f"masks mark most of their images up to the rim ({_INVERTED})"),
    "full": (f"mask marks its whole image (is it inverted? {_REDRAW})", f"masks mark their whole images (is it inverted? {_REDRAW})"),
    "empty": (f"mask of a defective image marks nothing ({_REDRAW})", f"masks of defective images mark nothing ({_REDRAW})"),
    "outline": (f"mask marks a line only, not what it encloses ({_REDRAW})", f"masks mark a line only, not what it encloses ({_REDRAW})"),
    "perhaps_turned": ("mask may have been drawn before its photograph was turned (EXIF; check that it fits)", "masks may have been drawn before their photographs were turned (EXIF; check that they fit)"),
}
"""What about one mask, and about several, could not be put right."""


def measure(config: EagleConfig, dataset: str, category: str, expert: Entry, predictions: Entry) -> Entry:
    """Pixel AUROC and PRO of one category; no values where there are no masks."""
    samples = category_of(config, dataset, category).test
    inputs = {
        "predictions": predictions.key,
        "false_pixel_rate": config.threshold.false_pixel_rate,
        "masks": {s.image_id: " ".join(content_hash(mask) for mask in s.masks) for s in samples if s.masks},
    }

    def compute(folder: Path) -> None:
        from eagle_core.data.masks import read_masks_of
        from eagle_core.evaluation.localisation import localisation_metrics
        from eagle_core.expert.bundle import load_expert
        from eagle_core.threshold.pixels import fit_pixel_threshold

        limit_threads(config)
        read = read_predictions(predictions.path).by_image
        threshold = fit_pixel_threshold(load_expert(expert.path).training_scores, config.threshold.false_pixel_rate)
        metrics = localisation_metrics(
            [(read[s.image_id], s) for s in samples if s.image_id in read],
            config.expert.preprocessing,
            lambda sample, size: read_masks_of(sample, size).defective,
            tau=None if threshold is None else threshold.tau,
        )
        remarks = [(s.image_id, remark) for s in samples if s.masks and s.is_defective for remark in _remarks(s, read)]
        (folder / REMARKS).write_text(json.dumps(remarks), encoding="utf-8")
        metrics["pixel_tau"] = None if threshold is None else threshold.tau
        metrics["false_pixel_rate_promised"] = None if threshold is None else threshold.rate
        (folder / "localisation.json").write_text(json.dumps(metrics, allow_nan=False), encoding="utf-8")

    return store_of(config).get_or_compute("localisation", VERSION, inputs, compute)


def _remarks(sample: Sample, read: Mapping[str, ExpertPrediction]) -> Iterator[Remark]:
    """What about a sample's masks could not be put right."""
    from eagle_core.data.masks import read_masks_of

    prediction = read.get(sample.image_id)
    if prediction is not None:
        yield from (remark for remark in read_masks_of(sample, prediction.image_size).remarks if remark in DOUBTS)


def mask_remarks(entry: Entry) -> list[str]:
    """What is doubtful about the masks that were measured against: a sentence for each kind, with the first images."""
    found: dict[Remark, list[str]] = {}
    for image_id, remark in json.loads((entry.path / REMARKS).read_text(encoding="utf-8")):
        found.setdefault(remark, []).append(image_id)
    return [f"{counted(len(images), *DOUBTS[remark])}: {', '.join(images[:LISTED])}{_more(len(images))}" for remark, images in found.items()]


def _more(count: int) -> str:
    return f" and {count - LISTED} more" if count > LISTED else ""


def read_localisation(entry: Entry) -> dict[str, float | None]:
    """Metric name -> value; None where it is undefined."""
    metrics: dict[str, float | None] = json.loads((entry.path / "localisation.json").read_text(encoding="utf-8"))
    return metrics
