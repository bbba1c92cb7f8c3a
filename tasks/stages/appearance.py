"""Stage that measures how the normal training images of a category look, and tells what looks like none of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from eagle_core.config import DegradationConfig, EagleConfig
from eagle_core.data.appearance import SeenAppearances, appearance_of, why_not_judged
from eagle_core.data.images import read_image_of
from eagle_core.errors import DataError
from eagle_core.expert.fit import FittedExpert
from eagle_core.expert.scene import KnownScene
from eagle_core.records import ExpertPrediction, Sample
from tasks.machinery.inputs import category_of, image_hashes, store_of
from tasks.machinery.store import Entry

VERSION = 1
FILE = "seen.json"


def measure(config: EagleConfig, dataset: str, category: str) -> Entry:
    """The extremes over all training images that can be read."""
    samples = category_of(config, dataset, category).train

    def compute(folder: Path) -> None:
        measured = []
        for sample in samples:
            try:
                measured.append(appearance_of(read_image_of(sample)))
            except DataError:
                continue
        seen = asdict(SeenAppearances.over(measured)) if measured else None
        (folder / FILE).write_text(json.dumps(seen, allow_nan=False), encoding="utf-8")

    return store_of(config).get_or_compute("appearance", VERSION, {"images": image_hashes(samples)}, compute)


def unlike_training(
    config: EagleConfig,
    category: tuple[str, str],
    expert: FittedExpert,
    samples: Sequence[Sample],
    predictions: dict[str, ExpertPrediction],
) -> dict[str, str]:
    """Why an image cannot be judged, by image_id; nothing where ``judging.unlike`` is judge, or images are degraded on purpose."""
    if config.judging.unlike == "judge" or config.datasets[category[0]].degradation != DegradationConfig():
        return {}
    text = (measure(config, *category).path / FILE).read_text(encoding="utf-8")
    seen = TypeAdapter(SeenAppearances | None).validate_json(text)
    scene = KnownScene.of(expert.training_embeddings.numpy())
    reasons = {}
    for sample in samples:
        prediction = predictions.get(sample.image_id)
        if prediction is None:
            continue
        reason = None if seen is None else why_not_judged(appearance_of(read_image_of(sample)), seen)
        if reason is None and scene is not None:
            reason = scene.why_not_judged(prediction.embedding)
        if reason is not None:
            reasons[sample.image_id] = reason
    return reasons
