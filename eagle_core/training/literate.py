"""The language stage, from the recipe to files: the decoder learns to read, and its gate is measured."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import transformers

from eagle_core.training.architecture import READER, build_reader
from eagle_core.training.reading.gate import reading_gate
from eagle_core.training.reading.stage import train_reading
from eagle_core.training.recipe import Recipe
from eagle_core.training.seeing import Progress
from eagle_core.training.stage_files import write_stage
from eagle_core.training.tokenizer import build_tokenizer


def train_reader(recipe: Recipe, seed: int, folder: Path, *, progress: Progress) -> dict[str, Any]:
    """The language stage of ``seed``: text alone, no images.

    Writes ``folder/seed-N/reading.safetensors`` (a checkpoint, to go on from), and in ``folder/seed-N/reading`` the decoder
    in float16 and ``gate.json``.

    Returns:
        What ``gate.json`` holds.
    """
    tokenizer = build_tokenizer()
    model = build_reader(tokenizer, seed)
    train_reading(
        model,
        tokenizer,
        recipe.reading,
        seed=seed,
        checkpoint=folder / f"seed-{seed}" / "reading.safetensors",
        progress=lambda step, steps, loss: progress(f"reading, loss {loss:.3f}", step, steps),
    )
    gate = reading_gate(model.model, model.lm_head, tokenizer, seed=recipe.held_out_seed, count=recipe.gate_questions)
    described = {
        "seed": seed,
        "schedule": asdict(recipe.reading),
        "decoder": asdict(READER),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "gate": gate.described(),
    }
    write_stage(folder / f"seed-{seed}" / "reading" / "decoder.safetensors", model.model.state_dict(), described)
    return described
