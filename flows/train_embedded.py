"""The embedded multimodal LLM from nothing, stage by stage: ``python -m flows.train_embedded --out DIR``.

Each stage says whether its gate is passed (docs/embedded_mllm.md). ``--stage`` trains one of them; ``--stage acuity`` measures how
finely vision towers see. The weights that ship are those of seed 0, a rule fixed before any seed was measured.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import typer
from prefect import flow

from eagle_core.training.recipe import Recipe
from eagle_core.training.towers import BACKBONES
from tasks import training

USUAL = Recipe()
Stage = Literal["all", "language", "acuity", "alignment", "instruction"]


@flow(name="train-language-stage", persist_result=False)
def train_language_stage(
    out: Path, seeds: list[int], steps: int | None = None, questions: int | None = None, threads: int = 2
) -> list[dict[str, Any]]:
    """Train each seed to read scenes in words; interrupted, it goes on where it was."""
    torch.set_num_threads(threads)
    reading = dataclasses.replace(USUAL.reading, steps=steps or USUAL.reading.steps)
    recipe = dataclasses.replace(USUAL, reading=reading, gate_questions=questions or USUAL.gate_questions)
    described: list[dict[str, Any]] = training.readers(recipe, seeds, out)
    return described


@flow(name="measure-acuity", persist_result=False)
def measure_acuity(
    out: Path, towers: list[str], steps: int | None = None, categories: int | None = None, threads: int = 2
) -> dict[str, dict[str, float]]:
    """Train the same heads on what each frozen vision tower sees, and measure them on categories of another seed."""
    torch.set_num_threads(threads)
    recipe = dataclasses.replace(
        USUAL,
        acuity=dataclasses.replace(USUAL.acuity, steps=steps or USUAL.acuity.steps),
        acuity_categories=categories or USUAL.acuity_categories,
        held_out_categories=min(USUAL.held_out_categories, categories or USUAL.held_out_categories),
    )
    figures: dict[str, dict[str, float]] = training.acuities(recipe, towers, out, threads)
    return figures


@flow(name="train-alignment-stage", persist_result=False)
def train_alignment_stage(
    out: Path, seeds: list[int], steps: int | None = None, categories: int | None = None, questions: int | None = None, threads: int = 2
) -> list[dict[str, Any]]:
    """Train each seed to caption what the vision tower sees; interrupted, it goes on where it was."""
    torch.set_num_threads(threads)
    recipe = _drawing(categories)
    recipe = dataclasses.replace(
        recipe,
        gate_questions=questions or recipe.gate_questions,
        sight=dataclasses.replace(recipe.sight, steps=min(steps or recipe.sight.steps, recipe.sight.steps)),
        alignment=dataclasses.replace(recipe.alignment, steps=steps or recipe.alignment.steps),
    )
    described: list[dict[str, Any]] = training.alignments(recipe, seeds, out, threads)
    return described


@flow(name="train-instruction-stage", persist_result=False)
def train_instruction_stage(
    out: Path, seeds: list[int], steps: int | None = None, categories: int | None = None, questions: int | None = None, threads: int = 2,
    prior_reliability: float = USUAL.prior_reliability, categories_seed: int = USUAL.instructed_seed,
) -> list[dict[str, Any]]:  # fmt: skip
    """Train each seed to answer real prompts; interrupted, it goes on where it was."""
    torch.set_num_threads(threads)
    recipe = _drawing(categories)
    recipe = dataclasses.replace(
        recipe,
        gate_questions=questions or recipe.gate_questions,
        instruction=dataclasses.replace(recipe.instruction, steps=steps or recipe.instruction.steps),
        prior_reliability=prior_reliability,
        instructed_seed=categories_seed,
    )
    described: list[dict[str, Any]] = training.instructions(recipe, seeds, out, threads)
    return described


def main(
    out: Annotated[Path, typer.Option(help="Checkpoints, what each stage left, and the models as OUT/seed-N/model.")],
    seed: Annotated[list[int] | None, typer.Option(help="May be repeated; default 0.")] = None,
    prior_reliability: Annotated[float, typer.Option(help="How often priors in training are right.")] = USUAL.prior_reliability,
    threads: Annotated[int, typer.Option(help="CPU threads and drawing processes.")] = 2,
    stage: Annotated[Stage, typer.Option(help="One stage, or all, one after the other.")] = "all",
    steps: Annotated[int | None, typer.Option(min=1, help="Of a stage, for trials; default: the recipe's.")] = None,
    questions: Annotated[int | None, typer.Option(min=1, help="Of each share of letters about scenes in words that a gate measures; default: the recipe's.")] = None,
    categories: Annotated[int | None, typer.Option(min=8, help="Drawn for acuity, alignment or instruction, for trials; default: the recipe's.")] = None,
    categories_seed: Annotated[int, typer.Option(min=0, help="Of the categories of instruction: another one where a training goes on with others.")] = USUAL.instructed_seed,
    tower: Annotated[list[str] | None, typer.Option(help=f"To measure, may be repeated: {', '.join(BACKBONES)}; default: all.")] = None,
) -> None:
    """Train the embedded multimodal LLM."""
    folder, seeds = out.resolve(), seed or [0]
    if stage in ("all", "language"):
        for described in train_language_stage(folder, seeds, steps, questions, threads):
            _say_reading(described)
    if stage in ("all", "alignment"):
        for described in train_alignment_stage(folder, seeds, steps, categories, questions, threads):
            _say_alignment(described)
    if stage in ("all", "instruction"):
        for described in train_instruction_stage(folder, seeds, steps, categories, questions, threads, prior_reliability, categories_seed):
            _say_instruction(described)
    if stage == "acuity":
        if unknown := set(tower or ()) - set(BACKBONES):
            raise typer.BadParameter(f"--tower {', '.join(sorted(unknown))} is unknown; known are {', '.join(BACKBONES)}")
        for name, figures in measure_acuity(folder, tower or list(BACKBONES), steps, categories, threads).items():
            typer.echo(f"{name}: {_in_words(figures)}")


def _drawing(categories: int | None) -> Recipe:
    """The recipe with so many categories to train on, and no more to measure on."""
    drawn = categories or USUAL.training_categories
    return dataclasses.replace(USUAL, training_categories=drawn, held_out_categories=min(USUAL.held_out_categories, drawn))


def _say_reading(described: dict[str, Any]) -> None:
    gate = described["gate"]
    typer.echo(f"seed {described['seed']}: right letters {_in_words(gate['right_letters'])}")
    _say_what_knowledge_tells(gate)
    typer.echo(f"{_verdict(gate)}: {gate['four_options']:.3f} of letters right among four; {gate['required']} required")


def _say_alignment(described: dict[str, Any]) -> None:
    gate = described["gate"]
    for form, shares in gate["right"].items():
        typer.echo(f"seed {described['seed']}: right in captions, {form}: {_in_words(shares)}")
    _say_what_is_still_read(described)
    typer.echo(f"{_verdict(gate)}; required beside a template: {_in_words(gate['required'])}")


def _say_instruction(described: dict[str, Any]) -> None:
    for families in ("families_seen", "gate"):
        figures = described[families]
        typer.echo(f"seed {described['seed']}, {'families never seen' if families == 'gate' else 'families seen'}:")
        for name in (
            "verdict", "balanced_accuracy", "right_letters", "right_letters_blind", "knowledge", "explanation", "explanation_told",
            "template_gain",
        ):  # fmt: skip
            typer.echo(f"  {name.replace('_', ' ')}: {_in_words(figures[name])}")
        typer.echo(f"  known in the middle: {_in_words(described['middle']['families_never_seen' if families == 'gate' else families])}")
    _say_what_is_still_read(described)
    typer.echo(f"{_verdict(described['gate'])}; required of families never seen: {_in_words(described['gate']['required'])}")


def _say_what_is_still_read(described: dict[str, Any]) -> None:
    typer.echo(f"  scenes in words, as in the language stage: {described['reading']['four_options']:.3f} of letters right among four")
    _say_what_knowledge_tells(described["reading"])


def _say_what_knowledge_tells(reading: dict[str, Any]) -> None:
    for kinds, shares in reading["knowledge"].items():
        typer.echo(f"  looks and effects of kinds {kinds.replace('_', ' ')} in training, by knowledge: {_in_words(shares)}")


def _verdict(gate: dict[str, Any]) -> str:
    return f"gate {'passed' if gate['passed'] else 'not passed'}"


def _in_words(shares: dict[str, float]) -> str:
    return " ".join(f"{name} {share:.3f}" for name, share in shares.items())


if __name__ == "__main__":
    typer.run(main)
