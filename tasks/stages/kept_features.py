"""Patch features kept image by image, so that a category to which images are added computes those of the new ones alone.

An entry holds what ``iterate_features`` yields for one image. Which images were computed together changes features in
floating-point noise, so entries are written once all images of a fit were read: a fit that was killed is repeated as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file

from eagle_core.config import EagleConfig, ExpertConfig
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.features import ImageFeatures, iterate_features
from eagle_core.records import Failure, Sample
from tasks.machinery.holders import backbone_key
from tasks.machinery.inputs import image_hashes, store_of
from tasks.machinery.store import Entry, content_key

VERSION = 1
STAGE = "features"
TENSORS, FACTS, COUNTS = "patches.safetensors", "facts.json", "features.json"


class FeatureCounts(NamedTuple):
    """Where the features of an expert's normal images came from."""

    computed: int
    kept: int


class KeptFeatures:
    """A ``FeatureReader`` that looks into the store first. Other kinds than PatchCore do not use it."""

    def __init__(self, config: EagleConfig) -> None:
        self._store, self._config = store_of(config), config
        self._computed = self._kept = 0

    def __call__(
        self, backbone: Backbone, samples: Sequence[Sample], config: ExpertConfig, batch_size: int
    ) -> Iterator[ImageFeatures | Failure]:
        """``iterate_features``; what it had to compute is kept where all of it is small enough."""
        inputs = {sample.image_id: self._inputs(sample) for sample in samples}
        found = {name: self._store.find(STAGE, content_key(STAGE, VERSION, one)) for name, one in inputs.items()}
        fresh = iterate_features(backbone, [s for s in samples if found[s.image_id] is None], config, batch_size)
        new: list[ImageFeatures] = []
        for sample in samples:
            entry = found[sample.image_id]
            reading = next(fresh) if entry is None else _read(entry, sample, backbone.device)
            self._computed, self._kept = self._computed + (entry is None), self._kept + (entry is not None)
            if entry is None and isinstance(reading, ImageFeatures) and self._is_small(reading, len(samples)):
                new.append(reading)
            yield reading
        for reading in new:
            self._keep(inputs[reading.image_id], reading)

    @property
    def counts(self) -> FeatureCounts:
        """Of all images that were read so far."""
        return FeatureCounts(self._computed, self._kept)

    def write_counts(self, folder: Path) -> None:
        """Beside an expert: how many images' features were computed for it."""
        (folder / COUNTS).write_text(json.dumps(self.counts), encoding="utf-8")

    def _inputs(self, sample: Sample) -> dict[str, object]:
        """Not the image's name: a copy has the same features."""
        expert = self._config.expert
        return {
            "image": image_hashes([sample])[sample.image_id],
            "backbone": backbone_key(self._config),
            "expert": expert.model_dump(mode="json", include={"preprocessing", "tiles"}),
            "unit_vectors": expert.distance == "cosine",
        }

    def _is_small(self, reading: ImageFeatures, images: int) -> bool:
        return images * reading.patches.nbytes <= self._config.run.kept_features_mib << 20

    def _keep(self, inputs: dict[str, object], reading: ImageFeatures) -> None:
        def write(folder: Path) -> None:
            save_file({"patches": reading.patches.cpu().contiguous()}, folder / TENSORS)
            facts = {"image_size": reading.image_size, "grid": reading.grid}
            (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

        self._store.get_or_compute(STAGE, VERSION, inputs, write)


def feature_counts(expert: Entry) -> FeatureCounts:
    """What was computed when this expert was fitted."""
    return FeatureCounts(*json.loads((expert.path / COUNTS).read_text(encoding="utf-8")))


def _read(entry: Entry, sample: Sample, device: torch.device) -> ImageFeatures:
    facts = json.loads((entry.path / FACTS).read_text(encoding="utf-8"))
    patches = load_file(entry.path / TENSORS)["patches"].to(device)
    (width, height), (rows, columns) = facts["image_size"], facts["grid"]
    return ImageFeatures(sample.image_id, (width, height), (rows, columns), patches)
