"""Flow ``train-embedded``: the embedded multimodal LLM from nothing; ``python -m flows.train_embedded --out DIR``.

The weights that ship are those of seed 0, a rule fixed before any seed was measured.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from prefect import flow

from eagle_core.training.embedded import Recipe
from tasks import training


@flow(name="train-embedded", persist_result=False)
def train_embedded(
    out: Path, seeds: list[int], prior_reliability: float = 0.88, threads: int = 2
) -> list[dict[str, Any]]:
    """Train the vision tower, then each seed of the language model; interrupted, it goes on where it was."""
    torch.set_num_threads(threads)
    recipe = dataclasses.replace(Recipe(), prior_reliability=prior_reliability)
    out.mkdir(parents=True, exist_ok=True)
    tower = training.vision(recipe, out, threads)
    described: list[dict[str, Any]] = training.languages(recipe, seeds, out, threads, tower)
    return described


def main(
    out: Annotated[Path, typer.Option(help="Checkpoints, and the models as OUT/seed-N/model.")],
    seed: Annotated[list[int] | None, typer.Option(help="May be repeated; default 0, 1, 2.")] = None,
    prior_reliability: Annotated[float, typer.Option(help="How often priors in training are right.")] = 0.88,
    threads: Annotated[int, typer.Option(help="CPU threads and drawing processes.")] = 2,
) -> None:
    """Train the embedded multimodal LLM."""
    train_embedded(out.resolve(), seed or [0, 1, 2], prior_reliability, threads)


if __name__ == "__main__":
    typer.run(main)
