"""Training of the embedded PatchCore backbone: timm's smallest ResNet on generated categories.

Two tasks on crops: say where a defect lies, and tell a hundred random categories apart whatever their pose, light
and grain. Both are what a nearest-neighbour detector needs: distances that defects move and nuisances do not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from torch import nn
from torch.nn import functional

from eagle_core.training.architecture import DEVIATION, GRID, MEAN, TOKEN_PIXELS
from eagle_core.training.images import TrainingImages
from eagle_core.training.loop import Schedule, train

NAME = "test_resnet"
"""timm's name; 0.1 M parameters up to layer3."""
LAYERS = ("layer2", "layer3")
STAGES = (2, 3)
CROP = 4
"""Side of a crop in units of TOKEN_PIXELS."""
CATEGORIES = 24
"""Per batch: of each a crop of the template, the normal and the defective image."""
DEFECTIVE_PIXELS = 8
EMBEDDING = 64
TEMPERATURE = 0.1


class BackboneTasks(nn.Module):
    """The backbone with its two heads."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            backbone: Any = timm.create_model(NAME, pretrained=False, features_only=True, out_indices=STAGES)
            self.backbone = backbone
            channels = sum(backbone.feature_info.channels())
            self.defect = nn.Conv2d(channels, 1, 1)
            self.identity = nn.Linear(channels, EMBEDDING)

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """``(B, 3, H, W)`` -> ``(B, C, H / 8, W / 8)``: both stages at the finer one's resolution."""
        fine, coarse = self.backbone(pixels)
        return torch.cat([fine, functional.interpolate(coarse, size=fine.shape[-2:], mode="bilinear")], dim=1)


def normalised(images: np.ndarray) -> torch.Tensor:
    """``(B, H, W, 3) uint8`` -> ``(B, 3, H, W) float32`` as the backbone expects it."""
    return (torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255 - MEAN) / DEVIATION


def train_backbone(
    data: TrainingImages,
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    progress: Callable[[int, int, float], None] | None = None,
) -> BackboneTasks:
    """Train from random weights; returns the backbone with its heads."""
    tasks = BackboneTasks(seed)

    def loss(rng: np.random.Generator) -> torch.Tensor:
        images, under = _crops(data, rng)
        features = tasks.features(normalised(images))
        tokens = functional.adaptive_max_pool2d(tasks.defect(features), CROP).flatten(1)
        defective = torch.from_numpy(under > DEFECTIVE_PIXELS).float()
        counted = torch.from_numpy((under == 0) | (under > DEFECTIVE_PIXELS)).float()
        found = functional.binary_cross_entropy_with_logits(tokens, defective, counted, reduction="sum")
        names = functional.normalize(tasks.identity(features[: 2 * CATEGORIES].mean((2, 3))), dim=1)
        alike = names[:CATEGORIES] @ names[CATEGORIES:].T / TEMPERATURE
        told_apart = functional.cross_entropy(alike, torch.arange(CATEGORIES))
        return found / counted.sum() + 0.2 * told_apart

    train(tasks, loss, schedule, seed=seed, checkpoint=checkpoint, progress=progress)
    return tasks


def _crops(data: TrainingImages, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """CATEGORIES crops each of templates, normal and defective images, and the defective pixels under their tokens."""
    side = CROP * TOKEN_PIXELS
    images = np.empty((3, CATEGORIES, side, side, 3), np.uint8)
    under = np.zeros((3, CATEGORIES, CROP, CROP), np.int16)
    for place, index in enumerate(rng.choice(len(data), CATEGORIES, replace=False)):
        row, column = divmod(int(data.defect_pixels[index].argmax()), GRID)
        top = int(rng.integers(max(0, row - CROP + 1), min(GRID - CROP, row) + 1))
        left = int(rng.integers(max(0, column - CROP + 1), min(GRID - CROP, column) + 1))
        colors = rng.permutation(3)
        for which, source in enumerate((data.templates, data.normals, data.defectives)):
            crop = source[index][top * TOKEN_PIXELS :, left * TOKEN_PIXELS :][:side, :side]
            images[which, place] = crop[..., colors]
        under[2, place] = data.defect_pixels[index, top : top + CROP, left : left + CROP]
    return images.reshape(-1, side, side, 3), under.reshape(3 * CATEGORIES, -1)
