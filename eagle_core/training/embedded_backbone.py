"""Train the embedded backbone from nothing, measure it, and write it as ``weights.safetensors`` and ``backbone.json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score
from torch.nn import functional

from eagle_core.expert.nearest import SearchBank
from eagle_core.training.architecture import DEVIATION, MEAN
from eagle_core.training.backbone import LAYERS, NAME, BackboneTasks, normalised, train_backbone
from eagle_core.training.images import draw_images
from eagle_core.training.loop import Schedule
from eagle_core.training.scenes.categories import Category, draw_category

Progress = Callable[[str, int, int], None]
BATCH_COUNTER = "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class BackboneRecipe:
    """Everything that decides the weights besides the seed."""

    categories: int = 2000
    data_seed: int = 1000
    schedule: Schedule = Schedule(steps=500, learning_rate=3e-3)
    held_out_seed: int = 77
    held_out_categories: int = 10
    normal_images: int = 12
    test_images: int = 10
    """Of each, normal and defective."""


def train_embedded_backbone(
    recipe: BackboneRecipe, seed: int, folder: Path, *, workers: int, progress: Progress
) -> dict[str, Any]:
    """Train, measure against random weights, and write the two files into ``folder``; returns the description."""
    data = draw_images(
        recipe.data_seed, recipe.categories, workers=workers, progress=lambda d, n: progress("drawing", d, n)
    )
    tasks = train_backbone(
        data,
        recipe.schedule,
        seed=seed,
        checkpoint=folder / "checkpoint.safetensors",
        progress=lambda step, steps, loss: progress(f"backbone, loss {loss:.3f}", step, steps),
    )
    weights = {k: v for k, v in tasks.backbone.state_dict().items() if not k.endswith(BATCH_COUNTER)}
    written = folder / "weights.safetensors"
    save_file(weights, written)
    description = {
        "name": NAME,
        "layers": list(LAYERS),
        "mean": [MEAN] * 3,
        "std": [DEVIATION] * 3,
        "seed": seed,
        "weights_sha256": hashlib.sha256(written.read_bytes()).hexdigest(),
        "recipe": asdict(recipe),
        "versions": {"torch": torch.__version__, "timm": timm.__version__},
        "held_out_image_auroc": {
            "trained": nearest_neighbour_auroc(tasks, recipe),
            "random": nearest_neighbour_auroc(BackboneTasks(seed), recipe),
        },
    }
    (folder / "backbone.json").write_text(json.dumps(description, indent=1, sort_keys=True), encoding="utf-8")
    return description


def nearest_neighbour_auroc(tasks: BackboneTasks, recipe: BackboneRecipe) -> float:
    """Mean image AUROC over held-out categories: the highest distance of a patch to all normal patches."""
    tasks.eval()
    return float(np.mean([_auroc(tasks, recipe, number) for number in range(recipe.held_out_categories)]))


def _auroc(tasks: BackboneTasks, recipe: BackboneRecipe, number: int) -> float:
    category = draw_category(np.random.default_rng([recipe.held_out_seed, number]))
    kinds = category.kinds

    def draw(first: int, count: int, defective: bool) -> torch.Tensor:
        seeds = [[recipe.held_out_seed + 1, number, first + i] for i in range(count)]
        return _patches(tasks, category, seeds, [kinds[i % len(kinds)] if defective else None for i in range(count)])

    bank = SearchBank.of(draw(0, recipe.normal_images, False).flatten(0, 1))
    tests = torch.cat([draw(100, recipe.test_images, False), draw(200, recipe.test_images, True)])
    scores = [float(bank.nearest_distances(patches).max()) for patches in tests]
    return float(roc_auc_score([0] * recipe.test_images + [1] * recipe.test_images, scores))


def _patches(
    tasks: BackboneTasks, category: Category, seeds: list[list[int]], kinds: list[str | None]
) -> torch.Tensor:
    """``(B, P, D)``: locally averaged features, as PatchCore's."""
    images = [category.render(np.random.default_rng(s), k).image for s, k in zip(seeds, kinds, strict=True)]
    with torch.inference_mode():
        features = tasks.features(normalised(np.stack(images)))
        return functional.avg_pool2d(features, 3, 1, 1).flatten(2).permute(0, 2, 1)
