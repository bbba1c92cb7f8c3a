"""Pretraining of the vision tower: heads on its visual tokens say whether a defect lies under each, and of which kind.

One head sees the image alone, the other compares with a template of the same category by attention, as the language
model will. Trained on crops aligned to the token grid, half of them around a defect: four times as many as whole
images for the same work, and a defect in every second one. Whole images are seen in evaluation and by the language
model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VisionTransformerPretrainedModel

from eagle_core.errors import DataError
from eagle_core.training.architecture import DEVIATION, GRID, HIDDEN, MEAN, MERGE, PATCH, TOKEN_PIXELS
from eagle_core.training.checkpoint import read_checkpoint
from eagle_core.training.images import TrainingImages
from eagle_core.training.loop import Schedule, train
from eagle_core.training.precision import fast_products
from eagle_core.training.scenes.defects import TRAINING_KINDS

CROP = 4
"""Side of a training crop in visual tokens."""
PAIRS = 36
"""Query crops in a batch, each with the template's crop at the same place."""
DEFECTIVE_PIXELS = 8
"""A token with more of them is defective; with fewer, but not none, it is left out of the loss."""
FRAMES = 2
"""Qwen2.5-VL repeats a still image over two frames."""
KIND_WEIGHT = 0.1
ALONE_WEIGHT = 0.5
HEADS = 4
MISSED_WEIGHT = 3.0


class DefectHeads(nn.Module):
    """The vision tower with its pretraining heads."""

    def __init__(self, tower: Qwen2_5_VisionTransformerPretrainedModel, seed: int) -> None:
        super().__init__()
        self.tower = tower
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.defect = nn.Linear(HIDDEN, 1)
            self.kind = nn.Linear(HIDDEN, len(TRAINING_KINDS))
            self.lookup = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
            self.difference = nn.Sequential(nn.Linear(2 * HIDDEN, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, 1))

    def compare(self, query: torch.Tensor, template: torch.Tensor) -> torch.Tensor:
        """``(B, tokens)`` defect logits of ``query`` beside ``template``, both ``(B, tokens, HIDDEN)``."""
        found, _ = self.lookup(query, template, template, need_weights=False)
        return torch.as_tensor(self.difference(torch.cat([query, query - found], dim=-1))[..., 0])


def visual_features(tower: Qwen2_5_VisionTransformerPretrainedModel, images: np.ndarray) -> torch.Tensor:
    """Visual tokens of images whose sides are multiples of TOKEN_PIXELS: ``(B, tokens, HIDDEN) float32``.

    Args:
        tower: Vision tower.
        images: ``(B, H, W, 3) uint8``.
    """
    pixels = (torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255 - MEAN) / DEVIATION
    count, channels, height, width = pixels.shape
    rows, columns = height // TOKEN_PIXELS, width // TOKEN_PIXELS
    patches = pixels.reshape(count, channels, rows, MERGE, PATCH, columns, MERGE, PATCH)
    patches = patches.permute(0, 2, 5, 3, 6, 1, 4, 7).unsqueeze(6).expand(-1, -1, -1, -1, -1, -1, FRAMES, -1, -1)
    flat = patches.reshape(count * rows * columns * MERGE**2, channels * FRAMES * PATCH * PATCH)
    grid = torch.tensor([[1, rows * MERGE, columns * MERGE]] * count)
    return torch.as_tensor(tower(flat, grid_thw=grid).pooler_output).reshape(count, rows * columns, HIDDEN)


def pretrain_vision(
    tower: Qwen2_5_VisionTransformerPretrainedModel,
    data: TrainingImages,
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    progress: Callable[[int, int, float], None] | None = None,
) -> DefectHeads:
    """Train ``tower`` in place; returns it with its heads."""
    heads = DefectHeads(tower, seed)
    kinds = np.array([TRAINING_KINDS.index(_kind(data, i)) for i in range(len(data))])

    def loss(rng: np.random.Generator, _: float) -> torch.Tensor:
        images, templates, under, kind = _crops(data, kinds, rng)
        with fast_products():
            both = visual_features(tower, np.concatenate([images, templates])).float()
        features, reference = both.chunk(2)
        defective = torch.from_numpy(under > DEFECTIVE_PIXELS).float()
        counted = torch.from_numpy((under == 0) | (under > DEFECTIVE_PIXELS)).float()
        weight = counted * (1 + (MISSED_WEIGHT - 1) * defective)

        def found(logits: torch.Tensor) -> torch.Tensor:
            lost = functional.binary_cross_entropy_with_logits(logits, defective, weight, reduction="sum")
            return lost / counted.sum()

        named = torch.from_numpy(kind >= 0) & (defective.sum(1) > 0)
        share = defective[named] / defective[named].sum(1, keepdim=True)
        pooled = (features[named] * share[..., None]).sum(1)
        names = functional.cross_entropy(heads.kind(pooled), torch.from_numpy(kind)[named])
        alone = found(heads.defect(features)[..., 0])
        return found(heads.compare(features, reference)) + ALONE_WEIGHT * alone + KIND_WEIGHT * names

    train(heads, loss, schedule, seed=seed, checkpoint=checkpoint, progress=progress)
    return heads


def load_tower(tower: nn.Module, checkpoint: Path, steps: int) -> None:
    """Bring ``tower`` to the end of a finished pretraining.

    Raises:
        DataError: ``checkpoint`` is missing, damaged, or of a pretraining that did not reach ``steps``.
    """
    tensors, step = read_checkpoint(checkpoint)
    if step < steps:
        raise DataError(f"{checkpoint}: the vision tower was trained for {step} of {steps} steps; train it first")
    prefix = "module.tower."
    tower.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})


def defect_auroc(heads: DefectHeads, data: TrainingImages) -> dict[str, float]:
    """Image AUROC of the highest logit of a token compared with the template, over all kinds (``all``) and for each."""
    with torch.inference_mode():
        normal, defective = (highest_logits(heads, i, data.templates) for i in (data.normals, data.defectives))
    kinds = np.array([_kind(data, i) for i in range(len(data))])

    def against(scores: np.ndarray) -> float:
        labels = np.r_[np.zeros(len(normal)), np.ones(len(scores))]
        return float(roc_auc_score(labels, np.r_[normal, scores]))

    return {"all": against(defective)} | {k: against(defective[kinds == k]) for k in TRAINING_KINDS if (kinds == k).any()}


def highest_logits(heads: DefectHeads, images: np.ndarray, templates: np.ndarray, batch: int = 16) -> np.ndarray:
    """``(B,) float32``: the highest token's defect logit of each image beside its template."""
    parts = []
    for i in range(0, len(images), batch):
        query, template = (visual_features(heads.tower, shown[i : i + batch]) for shown in (images, templates))
        parts.append(heads.compare(query, template).amax(1))
    return torch.cat(parts).numpy()


def _kind(data: TrainingImages, index: int) -> str:
    defect = data.scenes[index][1].defect
    if defect is None:
        raise DataError(f"category {index}: the defective image has no defect on record; draw the images again")
    return defect.kind


def _crops(
    data: TrainingImages, kinds: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Query and template crops ``uint8``, defective pixels under the queries' tokens, kind or -1.

    Odd queries lie around a defect. Each pair is turned, mirrored and recoloured alike.
    """
    side = CROP * TOKEN_PIXELS
    images = np.empty((2, PAIRS, side, side, 3), np.uint8)
    under = np.zeros((PAIRS, CROP, CROP), np.int16)
    named = np.full(PAIRS, -1)
    for place in range(PAIRS):
        index = int(rng.integers(len(data)))
        if place % 2:
            row, column = divmod(int(data.defect_pixels[index].argmax()), GRID)
            top = int(rng.integers(max(0, row - CROP + 1), min(GRID - CROP, row) + 1))
            left = int(rng.integers(max(0, column - CROP + 1), min(GRID - CROP, column) + 1))
            source, named[place] = data.defectives[index], kinds[index]
            under[place] = data.defect_pixels[index, top : top + CROP, left : left + CROP]
        else:
            top, left = (int(x) for x in rng.integers(0, GRID - CROP + 1, 2))
            source = data.normals[index]
        turns, mirrored, colors = int(rng.integers(4)), int(rng.choice([-1, 1])), rng.permutation(3)
        for which, shown in enumerate((source, data.templates[index])):
            crop = np.rot90(shown[top * TOKEN_PIXELS :, left * TOKEN_PIXELS :][:side, :side], turns)
            images[which, place] = crop[:, ::mirrored, colors]
        under[place] = np.rot90(under[place], turns)[:, ::mirrored]
    return images[0], images[1], under.reshape(PAIRS, -1), named
