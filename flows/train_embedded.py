"""Flow ``train-embedded``: the embedded multimodal LLM from nothing; ``python -m flows.train_embedded --out DIR``.

The weights that ship are those of seed 0, a rule fixed before any seed was measured. ``--stage language`` trains the first
stage of the model that shall follow it (docs/embedded_mllm.md) and says whether its gate is passed.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import typer
from prefect import flow

from eagle_core.training.embedded import Recipe
from tasks import training

Stage = Literal["whole", "language"]


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


@flow(name="train-language-stage", persist_result=False)
def train_language_stage(
    out: Path, seeds: list[int], steps: int | None = None, questions: int | None = None, threads: int = 2
) -> list[dict[str, Any]]:
    """Train each seed to read scenes in words; interrupted, it goes on where it was."""
    torch.set_num_threads(threads)
    recipe = Recipe()
    reading = dataclasses.replace(recipe.reading, steps=steps or recipe.reading.steps)
    recipe = dataclasses.replace(recipe, reading=reading, gate_questions=questions or recipe.gate_questions)
    described: list[dict[str, Any]] = training.readers(recipe, seeds, out)
    return described


def main(
    out: Annotated[Path, typer.Option(help="Checkpoints, and the models as OUT/seed-N/model.")],
    seed: Annotated[list[int] | None, typer.Option(help="May be repeated; default 0, 1, 2; of the language stage 0.")] = None,
    prior_reliability: Annotated[float, typer.Option(help="How often priors in training are right.")] = 0.88,
    threads: Annotated[int, typer.Option(help="CPU threads and drawing processes.")] = 2,
    stage: Annotated[Stage, typer.Option(help="All that ships, or the first stage of the model that shall follow it.")] = "whole",
    steps: Annotated[int | None, typer.Option(min=1, help="Of the language stage, for trials; default: the recipe's.")] = None,
    questions: Annotated[int | None, typer.Option(min=1, help="Of each share that its gate measures; default: the recipe's.")] = None,
) -> None:
    """Train the embedded multimodal LLM."""
    if stage == "whole":
        train_embedded(out.resolve(), seed or [0, 1, 2], prior_reliability, threads)
        return
    for described in train_language_stage(out.resolve(), seed or [0], steps, questions, threads):
        gate = described["gate"]
        letters = " ".join(f"{kind} {share:.3f}" for kind, share in gate["right_letters"].items())
        typer.echo(f"seed {described['seed']}: right letters {letters}")
        typer.echo(f"kinds never named in training: {' '.join(f'{name} {share:.3f}' for name, share in gate['unseen_kinds'].items())}")
        typer.echo(f"gate {'passed' if gate['passed'] else 'not passed'}: {gate['four_options']:.3f} of letters right among four; {gate['required']} required")


if __name__ == "__main__":
    typer.run(main)
