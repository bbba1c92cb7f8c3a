"""Stage that measures how the normal training images of a category look, and tells what looks like none of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from eagle_core.config import DegradationConfig, EagleConfig
from eagle_core.data.appearance import SeenAppearances, appearance_of, why_not_judged
from eagle_core.data.images import read_image_of
from eagle_core.errors import DataError
from eagle_core.expert.scene import KnownScene
from eagle_core.records import ExpertPrediction, Sample
from tasks.machinery.inputs import category_of, image_hashes, store_of
from tasks.machinery.store import Entry

if TYPE_CHECKING:
    from eagle_core.expert.bank import FittedExpert

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


@dataclass(frozen=True, slots=True)
class Familiar:
    """What the training images of one fitted expert looked like."""

    seen: SeenAppearances | None
    """None: none of them could be read."""
    scene: KnownScene | None
    """None: too few to know a scene by."""

    @staticmethod
    def of(expert: FittedExpert, folder: Path) -> Familiar:
        """Of an expert, and of the folder into which ``measure`` wrote.

        Raises:
            DataError: The file is missing or damaged.
        """
        path = folder / FILE
        try:
            seen = TypeAdapter(SeenAppearances | None).validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read ({error}); fit the expert again") from error
        return Familiar(seen, KnownScene.of(expert.training_embeddings.numpy()))

    def why_not_judged(self, sample: Sample, prediction: ExpertPrediction) -> str | None:
        """Why an expert's word on this image is worth nothing; None where it looks like the training images."""
        reason = None if self.seen is None else why_not_judged(appearance_of(read_image_of(sample)), self.seen)
        if reason is None and self.scene is not None:
            reason = self.scene.why_not_judged(prediction.embedding)
        return reason


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
    familiar = Familiar.of(expert, measure(config, *category).path)
    reasons = {s.image_id: familiar.why_not_judged(s, predictions[s.image_id]) for s in samples if s.image_id in predictions}
    return {image_id: reason for image_id, reason in reasons.items() if reason is not None}
