"""Stages that train the embedded MLLM. Each goes on from its last checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prefect import task

from eagle_core.training import aligned, embedded, instructed
from eagle_core.training.embedded import Recipe
from tasks.machinery.progress import progress_bar


@task(name="train vision", persist_result=False)
def vision(recipe: Recipe, folder: Path, workers: int) -> dict[str, float]:
    """Pretrain the vision tower once for all seeds; its held-out AUROC is kept beside it."""
    measured = folder / "vision.json"
    if not measured.exists():
        with progress_bar("training", unit="step") as report:
            figures = embedded.train_vision(recipe, folder, workers=workers, progress=report)
        measured.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    figures = json.loads(measured.read_text(encoding="utf-8"))
    return {str(kind): float(value) for kind, value in figures.items()}


@task(name="train language", persist_result=False)
def languages(
    recipe: Recipe, seeds: list[int], folder: Path, workers: int, vision_figures: dict[str, float]
) -> list[dict[str, Any]]:
    """Train each seed of the language model on the same visual features, and measure it on held-out categories."""
    with progress_bar("features") as report:
        cached = embedded.prepare_features(recipe, folder, workers=workers, progress=report)
    described = []
    for seed in seeds:
        with progress_bar(f"seed {seed}", unit="step") as report:
            embedded.train_language_model(recipe, seed, cached, folder, progress=report)
            described.append(
                embedded.measure(recipe, seed, folder, vision_figures, workers=workers, progress=report)
            )
    return described


@task(name="train reading", persist_result=False)
def readers(recipe: Recipe, seeds: list[int], folder: Path) -> list[dict[str, Any]]:
    """Train the language stage of each seed, and measure its gate."""
    described = []
    for seed in seeds:
        with progress_bar(f"seed {seed}", unit="step") as report:
            described.append(embedded.train_reader(recipe, seed, folder, progress=report))
    return described


@task(name="measure acuity", persist_result=False)
def acuities(recipe: Recipe, towers: list[str], folder: Path, workers: int) -> dict[str, dict[str, float]]:
    """How finely each vision tower sees."""
    with progress_bar("acuity", unit="step") as report:
        return aligned.measure_acuity(recipe, towers, folder, workers=workers, progress=report)


@task(name="train alignment", persist_result=False)
def alignments(recipe: Recipe, seeds: list[int], folder: Path, workers: int) -> list[dict[str, Any]]:
    """Train the alignment stage of each seed, and measure its gate."""
    described = []
    for seed in seeds:
        with progress_bar(f"seed {seed}", unit="step") as report:
            described.append(aligned.train_aligned(recipe, seed, folder, workers=workers, progress=report))
    return described


@task(name="train instruction", persist_result=False)
def instructions(recipe: Recipe, seeds: list[int], folder: Path, workers: int) -> list[dict[str, Any]]:
    """Train the instruction stage of each seed, calibrate it, and measure its gate."""
    described = []
    for seed in seeds:
        with progress_bar(f"seed {seed}", unit="step") as report:
            described.append(instructed.train_instructed(recipe, seed, folder, workers=workers, progress=report))
    return described
