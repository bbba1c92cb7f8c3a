"""What a frozen tower sees of drawn categories, kept in files: the backbone runs once an image."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from eagle_core.data.scene import DefectRecord, SceneRecord
from eagle_core.errors import DataError
from eagle_core.training.acuity import Seen
from eagle_core.training.images import TrainingImages, draw_images
from eagle_core.training.towers import load_tower_named, tower_features
from eagle_core.whole_file import written_whole

Progress = Callable[[str, int, int], None]
CHECKED = 2
"""Categories that are drawn again to see whether what is kept is still what would be drawn."""
NOISE = 0.1
"""Of the features, relative: products in bfloat16 make some percent."""
IMAGES, BOXED = ("template", "normal", "defective"), ("normal_boxed", "defective_boxed")


def see(
    tower: str, seed: int, count: int, folder: Path, *, workers: int, progress: Progress, held_out: bool = False, boxed: bool = False,
    for_training: bool = False,
) -> Seen:
    """What ``tower`` sees of ``count`` categories of ``seed``; kept in ``folder/seen`` for the next time.

    Args:
        tower: Of BACKBONES.
        seed: Of the categories.
        count: How many.
        folder: Of the training.
        workers: Drawing processes.
        progress: Called with (what, done, count).
        held_out: Of the families that no training shows.
        boxed: Also the images with an expert's red boxes.
        for_training: Faster, with some noise; what is measured is seen as the whole model sees it.

    Raises:
        DataError: What is kept was drawn by another version of the generator.
    """
    kept = folder / "seen" / f"{tower}-{seed}-{count}{'-held-out' if held_out else ''}"
    names, loaded = (*IMAGES, *(BOXED if boxed else ())), load_tower_named(tower)

    def looked_at(data: TrainingImages, of: Sequence[str]) -> dict[str, np.ndarray]:
        shown = data.shown | (data.boxed(seed) if boxed else {})
        of_these = {name: shown[name] for name in of}
        return tower_features(loaded, of_these, lambda done, total: progress(f"seen by {tower}", done, total), fast=for_training)

    lacking = [name for name in names if not (kept / f"{name}.npy").exists()]
    if len(lacking) < len(names):
        again = draw_images(seed, CHECKED, held_out=held_out)
        _check(kept, again, looked_at(again, [name for name in names if name not in lacking]))
    if lacking:
        data = draw_images(seed, count, held_out=held_out, workers=workers, progress=lambda done, total: progress("drawing", done, total))
        features = looked_at(data, lacking)
        with written_whole(kept / "scenes.json") as aside:
            aside.write_text(json.dumps(_described(data)), encoding="utf-8")
        for name, values in ({"under": data.pixels_under(loaded.grid)} | features).items():
            with written_whole(kept / f"{name}.npy") as aside, aside.open("wb") as file:
                np.save(file, values)
    pairs = json.loads((kept / "scenes.json").read_text(encoding="utf-8"))
    scenes = tuple((_scene(normal), _scene(defective)) for normal, defective in pairs)
    # The features of thousands of images are larger than what is read of them at a time.
    return Seen({name: np.load(kept / f"{name}.npy", mmap_mode="r") for name in names}, np.load(kept / "under.npy"), scenes)


def _check(kept: Path, data: TrainingImages, features: dict[str, np.ndarray]) -> None:
    """Whether what is kept is of these categories, as they are drawn today.

    Raises:
        DataError: It is not.
    """
    same = json.loads((kept / "scenes.json").read_text(encoding="utf-8"))[: len(data)] == json.loads(json.dumps(_described(data)))
    for name, seen in features.items():
        before, now = np.load(kept / f"{name}.npy", mmap_mode="r")[: len(data)].astype(np.float32), seen.astype(np.float32)
        same = same and bool(np.linalg.norm(now - before) < NOISE * np.linalg.norm(now))
    if not same:
        raise DataError(f"what {kept} holds was drawn by another version of the generator; delete that folder to draw anew")


def _described(data: TrainingImages) -> list[list[dict[str, Any]]]:
    return [[asdict(scene) for scene in pair] for pair in data.scenes]


def _scene(described: dict[str, Any]) -> SceneRecord:
    defect = described["defect"]
    known = DefectRecord(**defect | {"box": tuple(defect["box"])}) if defect else None
    return SceneRecord(**described | {"defect": known})
