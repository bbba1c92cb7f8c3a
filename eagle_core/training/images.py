"""The training set in memory: for each random category a template, a normal and a defective image."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from eagle_core.data.scene import SceneRecord
from eagle_core.guidance.overlay import draw_boxes
from eagle_core.training.scenes.canvas import SIDE
from eagle_core.training.scenes.categories import draw_category
from eagle_core.training.shown import expert_box


@dataclass(frozen=True, slots=True)
class TrainingImages:
    """N categories. Templates and normal images show no defect."""

    templates: np.ndarray
    """``(N, SIDE, SIDE, 3) uint8``."""
    normals: np.ndarray
    defectives: np.ndarray
    scenes: tuple[tuple[SceneRecord, SceneRecord], ...]
    """(normal, defective) in words."""
    masks: np.ndarray
    """``(N, SIDE, SIDE / 8) uint8``: the defective images' defects, eight pixels of a row in a byte."""

    def __len__(self) -> int:
        return len(self.templates)

    @property
    def shown(self) -> dict[str, np.ndarray]:
        """``template``, ``normal`` and ``defective`` -> ``(N, SIDE, SIDE, 3) uint8``."""
        return {"template": self.templates, "normal": self.normals, "defective": self.defectives}

    def boxed(self, seed: int) -> dict[str, np.ndarray]:
        """``normal_boxed`` and ``defective_boxed``: with the red box that an expert would draw."""
        return {
            f"{name}_boxed": np.stack(
                [_boxed(image, self.scenes[i][1], np.random.default_rng([seed, i, which])) for i, image in enumerate(self.shown[name])]
            )
            # Not from 0: numpy takes [seed, i, 0] for [seed, i], which has drawn the category.
            for which, name in enumerate(("normal", "defective"), start=1)
        }

    def pixels_under(self, grid: int) -> np.ndarray:
        """``(N, grid * grid) float32``: defective pixels under each token of a ``grid`` x ``grid`` image."""
        whole = np.unpackbits(self.masks, axis=2).astype(np.float32)
        under = functional.adaptive_avg_pool2d(torch.from_numpy(whole), grid) * (SIDE / grid) ** 2
        return np.asarray(under.flatten(1).numpy())


def draw_images(
    seed: int, count: int, *, held_out: bool = False, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> TrainingImages:
    """Draw ``count`` categories; category i depends on ``seed`` and i alone, whatever ``workers`` is.

    Args:
        seed: Of the categories.
        count: How many.
        held_out: Of the families that no training shows.
        workers: Processes.
        progress: Called with (done, count).
    """
    images = np.empty((3, count, SIDE, SIDE, 3), np.uint8)
    masks = np.empty((count, SIDE, SIDE // 8), np.uint8)
    scenes: list[tuple[SceneRecord, SceneRecord]] = []
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        drawn = pool.imap(_draw, ((seed, index, held_out) for index in range(count)), chunksize=16)
        for index, (three, mask, pair) in enumerate(drawn):
            images[:, index], masks[index] = three, np.packbits(mask, axis=1)
            scenes.append(pair)
            if progress:
                progress(index + 1, count)
    return TrainingImages(images[0], images[1], images[2], tuple(scenes), masks)


def _draw(job: tuple[int, int, bool]) -> tuple[np.ndarray, np.ndarray, tuple[SceneRecord, SceneRecord]]:
    seed, index, held_out = job
    rng = np.random.default_rng([seed, index])
    category = draw_category(rng, f"product {index}", held_out=held_out)
    template, normal = category.render(rng), category.render(rng)
    while True:
        defective = category.render(rng, category.draw_kind(rng))
        if defective.mask.any():
            break
    three = np.stack([template.image, normal.image, defective.image])
    return three, defective.mask, (normal.record, defective.record)


def _boxed(image: np.ndarray, defective: SceneRecord, rng: np.random.Generator) -> np.ndarray:
    assert defective.defect is not None
    return np.asarray(draw_boxes(Image.fromarray(image), [expert_box(defective.defect.box, rng)]))
