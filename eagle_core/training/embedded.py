"""Train the embedded multimodal LLM from nothing, in resumable steps, and write it as a checkpoint folder.

The vision tower is trained once for all seeds of the language model (``Recipe.vision_seed``); the seed that
ships is named in the recipe before anything is measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from eagle_core.config import MllmConfig
from eagle_core.mllm.loading import load_model
from eagle_core.training.architecture import READER, build_model, build_processor
from eagle_core.training.held_out import held_out_figures
from eagle_core.training.images import TrainingImages, draw_images
from eagle_core.training.language import CachedFeatures, cache_features, train_language
from eagle_core.training.loop import Schedule
from eagle_core.training.reading.gate import reading_gate
from eagle_core.training.reading.stage import train_reading
from eagle_core.training.stage_files import write_model, write_stage
from eagle_core.training.tokenizer import build_tokenizer
from eagle_core.training.vision import defect_auroc, load_tower, pretrain_vision

Progress = Callable[[str, int, int], None]
SHIPPED_SEED = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights besides the seed."""

    categories: int = 5000
    data_seed: int = 1000
    held_out_categories: int = 300
    held_out_seed: int = 999_000
    validation_seed: int = 998_000
    """Of the categories that choices are made on; none are made on the held-out ones."""
    vision_seed: int = 0
    vision: Schedule = Schedule(steps=4000, learning_rate=1.5e-3)
    language: Schedule = Schedule(steps=1300, learning_rate=1.5e-3)
    reading: Schedule = Schedule(steps=3200, learning_rate=1.5e-3)
    acuity: Schedule = Schedule(steps=600, learning_rate=1.5e-3)
    acuity_categories: int = 1500
    aligned_seed: int = 2000
    aligned_categories: int = 8000
    """Drawn for alignment and what comes after it."""
    sight: Schedule = Schedule(steps=3600, learning_rate=2e-3)
    """Of cell reader and projector with the heads of acuity, before alignment."""
    alignment: Schedule = Schedule(steps=1600, learning_rate=1.5e-3, gentle=0.2)
    instruction: Schedule = Schedule(steps=2200, learning_rate=1e-3)
    instruction_gate_categories: int = 100
    """Of the held-out ones: each is asked two dozen prompts."""
    gate_questions: int = 300
    """Of each share that a stage's gate measures."""
    prior_reliability: float = 0.88
    """Probability that the expert's verdict in a training prompt is right."""


def train_vision(recipe: Recipe, folder: Path, *, workers: int, progress: Progress) -> dict[str, float]:
    """Pretrain the vision tower; writes ``vision.safetensors``. Returns its AUROC on held-out categories."""
    data = _images(recipe, workers, progress)
    model = build_model(build_tokenizer(), recipe.vision_seed)
    heads = pretrain_vision(
        model.model.visual,
        data,
        recipe.vision,
        seed=recipe.vision_seed,
        checkpoint=folder / "vision.safetensors",
        progress=lambda step, steps, loss: progress(f"vision, loss {loss:.3f}", step, steps),
    )
    return defect_auroc(heads, _held_out(recipe, workers, progress))


def prepare_features(recipe: Recipe, folder: Path, *, workers: int, progress: Progress) -> CachedFeatures:
    """Visual tokens of all training images under the pretrained tower; the same for every seed.

    Raises:
        DataError: The vision tower in ``folder`` is not trained to the end.
    """
    tower = build_model(build_tokenizer(), recipe.vision_seed).model.visual
    load_tower(tower, folder / "vision.safetensors", recipe.vision.steps)
    data = _images(recipe, workers, progress)
    return cache_features(tower, data, recipe.data_seed, lambda done, total: progress("features", done, total))


def train_language_model(
    recipe: Recipe, seed: int, cached: CachedFeatures, folder: Path, *, progress: Progress
) -> None:
    """Train the language model of ``seed``; writes the whole model to ``folder/seed-N/model``."""
    tokenizer = build_tokenizer()
    processor, model = build_processor(tokenizer), build_model(tokenizer, seed)
    load_tower(model.model.visual, folder / "vision.safetensors", recipe.vision.steps)
    train_language(
        model,
        processor,
        cached,
        recipe.language,
        prior_reliability=recipe.prior_reliability,
        seed=seed,
        checkpoint=folder / f"seed-{seed}" / "language.safetensors",
        progress=lambda step, steps, loss: progress(f"language, loss {loss:.3f}", step, steps),
    )
    write_model(model, processor, folder / f"seed-{seed}" / "model")


def train_reader(recipe: Recipe, seed: int, folder: Path, *, progress: Progress) -> dict[str, Any]:
    """The language stage of ``seed``: text alone, no images.

    Writes ``folder/seed-N/reading.safetensors`` (a checkpoint, to go on from), and in ``folder/seed-N/reading`` the decoder
    in float16 and ``gate.json``.

    Returns:
        What ``gate.json`` holds.
    """
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed, READER)
    train_reading(
        model,
        tokenizer,
        recipe.reading,
        seed=seed,
        checkpoint=folder / f"seed-{seed}" / "reading.safetensors",
        progress=lambda step, steps, loss: progress(f"reading, loss {loss:.3f}", step, steps),
    )
    gate = reading_gate(model, tokenizer, seed=recipe.held_out_seed, count=recipe.gate_questions)
    described = {
        "seed": seed,
        "schedule": asdict(recipe.reading),
        "decoder": asdict(READER),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "gate": gate.described(),
    }
    write_stage(folder / f"seed-{seed}" / "reading" / "decoder.safetensors", model.model.language_model.state_dict(), described)
    return described


def measure(
    recipe: Recipe, seed: int, folder: Path, vision: dict[str, float], *, workers: int, progress: Progress
) -> dict[str, Any]:
    """Figures of a trained seed on held-out categories, written as ``training.json`` beside its weights."""
    target = folder / f"seed-{seed}" / "model"
    model = load_model(MllmConfig(model=str(target)))
    data: TrainingImages = _held_out(recipe, workers, progress)
    described = {
        "seed": seed,
        "shipped_seed": SHIPPED_SEED,
        "recipe": asdict(recipe),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "vision_auroc": vision,
        "held_out": held_out_figures(model, data, recipe.held_out_seed),
    }
    (target / "training.json").write_text(json.dumps(described, indent=1, sort_keys=True), encoding="utf-8")
    return described


def _images(recipe: Recipe, workers: int, progress: Progress) -> TrainingImages:
    return draw_images(
        recipe.data_seed, recipe.categories, workers=workers, progress=lambda d, n: progress("drawing", d, n)
    )


def _held_out(recipe: Recipe, workers: int, progress: Progress) -> TrainingImages:
    return draw_images(
        recipe.held_out_seed,
        recipe.held_out_categories,
        workers=workers,
        progress=lambda d, n: progress("held out", d, n),
    )
