"""Stages that train the embedded MLLM. Each goes on from its last checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import task

from eagle_core.training import aligned, instructed, literate
from eagle_core.training.recipe import Recipe
from tasks.machinery.progress import progress_bar


@task(name="train reading", persist_result=False)
def readers(recipe: Recipe, seeds: list[int], folder: Path) -> list[dict[str, Any]]:
    """Train the language stage of each seed, and measure its gate."""
    described = []
    for seed in seeds:
        with progress_bar(f"seed {seed}", unit="step") as report:
            described.append(literate.train_reader(recipe, seed, folder, progress=report))
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
