"""The instruction stage, from the recipe to files: the aligned model answers real prompts, is calibrated, and passes its gate or not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file
from transformers import FastVlmForConditionalGeneration

from eagle_core.evaluation.calibration_error import calibration_error
from eagle_core.training.acuity import Seen
from eagle_core.training.aligned import learnt_weights
from eagle_core.training.alignment.architecture import build_aligned_model, build_aligned_processor
from eagle_core.training.instruction.calibration import cool, cooled, fitted_temperature
from eagle_core.training.instruction.gate import instruction_gate, p_defect
from eagle_core.training.instruction.middle import known_in_the_middle
from eagle_core.training.instruction.stage import train_instruction
from eagle_core.training.reading.gate import reading_gate
from eagle_core.training.recipe import Recipe
from eagle_core.training.seeing import Progress, see
from eagle_core.training.stage_files import write_model, write_stage
from eagle_core.training.tokenizer import build_tokenizer
from eagle_core.training.towers import BACKBONES, CHOSEN

KEPT = Path(__file__).parent / "trained" / "instruction" / "model.safetensors"
"""What an earlier training of this stage has left, in which every shipped model begins."""


def train_instructed(recipe: Recipe, seed: int, folder: Path, *, workers: int, progress: Progress) -> dict[str, Any]:
    """The instruction stage of ``seed``, from what the alignment stage left in ``folder``, or from KEPT where it left nothing.

    Writes ``folder/seed-N/instruction.safetensors`` (a checkpoint, to go on from), in ``folder/seed-N/instruction`` what was
    learnt in float16, and ``gate.json``, and in ``folder/seed-N/model`` the whole model, which ``mllms.NAME.model`` may name.

    Returns:
        What ``gate.json`` holds.
    """
    tokenizer = build_tokenizer()
    model = aligned_model(seed, folder)
    seen = see(
        CHOSEN, recipe.instructed_seed, recipe.training_categories, folder, boxed=True, for_training=True, workers=workers, progress=progress
    )
    defects = train_instruction(
        model,
        tokenizer,
        seen,
        recipe.instruction,
        prior_reliability=recipe.prior_reliability,
        categories_seed=recipe.instructed_seed,
        seed=seed,
        checkpoint=folder / f"seed-{seed}" / "instruction.safetensors",
        progress=lambda step, steps, loss: progress(f"instruction, loss {loss:.3f}", step, steps),
    )
    probabilities, defective = p_defect(model, tokenizer, _held(recipe, recipe.validation_seed, False, folder, workers, progress))
    temperature = fitted_temperature(probabilities, defective)
    cool(model, temperature)
    gates, middle = {}, {}
    for name, held_out in (("families_seen", False), ("families_never_seen", True)):
        asked_about = _held(recipe, recipe.held_out_seed, held_out, folder, workers, progress).first(recipe.instruction_gate_categories)
        gates[name] = instruction_gate(model, tokenizer, asked_about, recipe.held_out_seed)
        middle[name] = known_in_the_middle(model, tokenizer, defects, asked_about)
    described = {
        "seed": seed,
        "schedule": asdict(recipe.instruction),
        "prior_reliability": recipe.prior_reliability,
        "categories": recipe.training_categories,
        "categories_seed": recipe.instructed_seed,
        "temperature": temperature,
        "validation_calibration_error": {
            "before": calibration_error(probabilities, defective),
            "after": calibration_error(cooled(probabilities, temperature), defective),
        },
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "gate": gates["families_never_seen"].described(),
        "families_seen": gates["families_seen"].described(),
        "middle": middle,
        "reading": reading_gate(model.model.language_model, model.lm_head, tokenizer, seed=recipe.held_out_seed, count=recipe.gate_questions).described(),
    }
    write_stage(folder / f"seed-{seed}" / "instruction" / "model.safetensors", learnt_weights(model), described)
    write_model(model, build_aligned_processor(tokenizer, BACKBONES[CHOSEN]), described, folder / f"seed-{seed}" / "model")
    return described


def aligned_model(seed: int, folder: Path) -> FastVlmForConditionalGeneration:
    """The model as the alignment stage of ``seed`` left it in ``folder``, or, if it did not, as KEPT has it."""
    left = folder / f"seed-{seed}" / "alignment" / "model.safetensors"
    weights = left if left.exists() else KEPT
    model = build_aligned_model(build_tokenizer(), seed, BACKBONES[CHOSEN])
    model.load_state_dict({name: value.float() for name, value in load_file(weights).items()}, strict=False)
    return model


def _held(recipe: Recipe, seed: int, held_out: bool, folder: Path, workers: int, progress: Progress) -> Seen:
    return see(
        CHOSEN, seed, recipe.held_out_categories, folder, held_out=held_out, boxed=True, workers=workers, progress=progress
    )  # fmt: skip
