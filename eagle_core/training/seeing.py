"""What a frozen tower sees of drawn categories, kept in files: the backbone runs once an image."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from eagle_core.data.scene import DefectRecord, SceneRecord
from eagle_core.training.acuity import Seen
from eagle_core.training.images import draw_images
from eagle_core.training.towers import load_tower_named, tower_features
from eagle_core.whole_file import written_whole

Progress = Callable[[str, int, int], None]
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
    """
    kept = folder / "seen" / f"{tower}-{seed}-{count}{'-held-out' if held_out else ''}"
    names = (*IMAGES, *(BOXED if boxed else ()))
    lacking = [name for name in names if not (kept / f"{name}.npy").exists()]
    if lacking:
        data = draw_images(seed, count, held_out=held_out, workers=workers, progress=lambda done, total: progress("drawing", done, total))
        loaded = load_tower_named(tower)
        shown = {name: images for name, images in (data.shown | (data.boxed(seed) if boxed else {})).items() if name in lacking}
        features = tower_features(loaded, shown, lambda done, total: progress(f"seen by {tower}", done, total), fast=for_training)
        with written_whole(kept / "scenes.json") as aside:
            aside.write_text(json.dumps([[asdict(scene) for scene in pair] for pair in data.scenes]), encoding="utf-8")
        for name, values in ({"under": data.pixels_under(loaded.grid)} | features).items():
            with written_whole(kept / f"{name}.npy") as aside, aside.open("wb") as file:
                np.save(file, values)
    pairs = json.loads((kept / "scenes.json").read_text(encoding="utf-8"))
    scenes = tuple((_scene(normal), _scene(defective)) for normal, defective in pairs)
    # The features of thousands of images are larger than what is read of them at a time.
    features = {name: np.load(kept / f"{name}.npy", mmap_mode="r") for name in names}
    return Seen(features, np.load(kept / "under.npy"), scenes)


def _scene(described: dict[str, Any]) -> SceneRecord:
    defect = described["defect"]
    known = DefectRecord(**defect | {"box": tuple(defect["box"])}) if defect else None
    return SceneRecord(**described | {"defect": known})
