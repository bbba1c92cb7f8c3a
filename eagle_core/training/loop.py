"""One training loop for every embedded model: seeded batches, one-cycle learning rate, checkpoints, resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eagle_core.training.checkpoint import load_checkpoint, save_checkpoint

CHECKPOINT_SECONDS = 300
WARM_UP = 0.08


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast."""

    steps: int
    learning_rate: float
    weight_decay: float = 0.05
    clip: float = 1.0
    gentle: float = 1.0
    """Times the learning rate: of what an earlier stage has taught and must not be lost."""


def train(
    module: torch.nn.Module,
    loss: Callable[[np.random.Generator, float], torch.Tensor],
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    about: Mapping[str, float] | None = None,
    taught: torch.nn.Module | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> None:
    """Minimise ``loss`` over the parameters of ``module``; goes on from ``checkpoint`` where there is one.

    Args:
        module: All that is trained.
        loss: Draws a batch with the generator it is given, which depends on ``seed`` and the step alone, and
            returns its loss: a resumed training sees the batches of an uninterrupted one. It is also told which part of
            the training is done, 0 to 1.
        schedule: Steps, learning rate.
        seed: Of the batches.
        checkpoint: Written every CHECKPOINT_SECONDS and at the end.
        about: What decides the batches besides ``seed``; with it and ``schedule`` a checkpoint is gone on from, or not at all.
        taught: The part of ``module`` that learns at ``schedule.gentle`` of the rate.
        progress: Called with (step, steps, loss).

    Raises:
        DataError: ``checkpoint`` is damaged, or of another model or recipe.
    """
    recipe = asdict(schedule) | {"seed": seed} | dict(about or {})
    trained = [p for p in module.parameters() if p.requires_grad]
    gentle = set(taught.parameters()) if taught is not None else set()
    groups: list[dict[str, Any]] = [
        {"params": [p for p in trained if (p.ndim > 1) == decays and (p in gentle) == is_gentle],
         "weight_decay": schedule.weight_decay if decays else 0.0, "share": schedule.gentle if is_gentle else 1.0}
        for is_gentle in ((False, True) if gentle else (False,)) for decays in (True, False)
    ]  # fmt: skip
    optimizer = torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=(0.9, 0.98))
    start = load_checkpoint(checkpoint, module, optimizer, recipe) if checkpoint.exists() else 0
    module.train()
    saved = time.monotonic()
    for step in range(start, schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * group["share"] * _factor(step, schedule.steps)
        value = loss(np.random.default_rng([seed, step]), step / schedule.steps)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(trained, schedule.clip)
        optimizer.step()
        if progress:
            progress(step + 1, schedule.steps, value.item())
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            save_checkpoint(checkpoint, module, optimizer, step + 1, recipe)
            saved = time.monotonic()
    if start < schedule.steps:
        save_checkpoint(checkpoint, module, optimizer, schedule.steps, recipe)
    module.eval()


def _factor(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to a hundredth."""
    warm = max(1, int(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
