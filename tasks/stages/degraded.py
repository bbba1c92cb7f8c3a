"""Test images under ``datasets.<name>.degradation``: written once, content-addressed, read like any other image."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from eagle_core.config import DegradationConfig
from eagle_core.data.dataset import Category
from eagle_core.data.decoding import orientation_of
from eagle_core.data.degradation import degrade
from eagle_core.data.images import read_image_of
from eagle_core.data.turns import save_turned
from eagle_core.errors import DataError
from eagle_core.records import Sample
from tasks.machinery.progress import progress_bar
from tasks.machinery.store import Store, file_sha256

VERSION = 2


@functools.lru_cache(maxsize=256)
def degraded(category: Category, config: DegradationConfig, cache_dir: Path, seed: int) -> Category:
    """``category`` with degraded test images; ids, labels, masks and training images stay as they are.

    A test image that cannot be read keeps its path, so that the stages report it as always. A photograph keeps its EXIF
    rotation: masks that were drawn before it was turned are turned with it.
    """
    inputs = {
        "images": {s.image_id: file_sha256(s.image_path) for s in category.test if s.image_path.is_file()},
        "degradation": config.model_dump(mode="json"),
        "seed": seed if config.noise > 0 else None,
    }

    def compute(folder: Path) -> None:
        with progress_bar(f"{category.name}: degrading") as report:
            for index, sample in enumerate(category.test):
                _write(sample, folder / f"{index:06}.png", config, seed)
                report("", index + 1, len(category.test))

    entry = Store(cache_dir).get_or_compute("degraded", VERSION, inputs, compute)
    test = []
    for index, sample in enumerate(category.test):
        path = entry.path / f"{index:06}.png"
        test.append(dataclasses.replace(sample, image_path=path) if path.is_file() else sample)
    return dataclasses.replace(category, test=tuple(test))


def _write(sample: Sample, path: Path, config: DegradationConfig, seed: int) -> None:
    try:
        image = read_image_of(sample)
    except DataError:
        return
    worse = degrade(image, config, seed=seed, image_id=sample.image_id)
    save_turned(worse, path, orientation_of(sample.image_path))
