"""The stages that see, from the recipe to files: how finely each tower sees, and the alignment with its gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file
from transformers import FastVlmForConditionalGeneration

from eagle_core.training.acuity import acuity, train_heads
from eagle_core.training.alignment.architecture import build_aligned_model, start_reading, tokens_of
from eagle_core.training.alignment.gate import alignment_gate
from eagle_core.training.alignment.places import pass_on_places
from eagle_core.training.alignment.stage import start_from, train_alignment
from eagle_core.training.reading.gate import reading_gate
from eagle_core.training.recipe import Recipe
from eagle_core.training.seeing import Progress, see
from eagle_core.training.stage_files import write_stage
from eagle_core.training.tokenizer import build_tokenizer
from eagle_core.training.towers import BACKBONES, CHOSEN
from eagle_core.whole_file import written_whole

KEPT_READER = Path(__file__).parent / "trained" / "language" / "decoder.safetensors"
"""What the language stage of seed 0 has left."""


def measure_acuity(recipe: Recipe, towers: Sequence[str], folder: Path, *, workers: int, progress: Progress) -> dict[str, dict[str, float]]:
    """Tower -> its figures on the validation categories; also written to ``folder/acuity.json``. One that is there is not measured again."""
    kept = folder / "acuity.json"
    figures: dict[str, dict[str, float]] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for tower in towers:
        if tower not in figures:
            seen = see(tower, recipe.acuity_seed, recipe.acuity_categories, folder, workers=workers, progress=progress)
            heads = train_heads(
                seen,
                recipe.acuity,
                seed=recipe.vision_seed,
                checkpoint=folder / f"acuity-{tower}.safetensors",
                progress=lambda step, steps, loss, name=tower: progress(f"{name}, loss {loss:.3f}", step, steps),  # type: ignore[misc]
            )
            held_out = see(tower, recipe.validation_seed, recipe.held_out_categories, folder, workers=workers, progress=progress)
            figures[tower] = acuity(heads, held_out)
            with written_whole(kept) as aside:
                aside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return {tower: figures[tower] for tower in towers}


def train_aligned(recipe: Recipe, seed: int, folder: Path, *, workers: int, progress: Progress) -> dict[str, Any]:
    """The alignment stage of ``seed``, from the decoder that the language stage left and a projector that has learnt to see defects.

    Writes ``folder/seed-N/alignment.safetensors`` (a checkpoint, to go on from), and in ``folder/seed-N/alignment`` projector,
    decoder and what the tower learnt in float16, and ``gate.json``.

    Returns:
        What ``gate.json`` holds.
    """
    tokenizer = build_tokenizer()
    model = build_aligned_model(tokenizer, seed, BACKBONES[CHOSEN])
    start_reading(model, load_file(reader_of(seed, folder)))
    seen = see(CHOSEN, recipe.aligned_seed, recipe.training_categories, folder, for_training=True, workers=workers, progress=progress)
    tokens_of(model).standardise(seen.features["template"])
    heads = train_heads(
        seen,
        recipe.sight,
        seed=recipe.vision_seed,
        checkpoint=folder / "sight.safetensors",
        progress=lambda step, steps, loss: progress(f"sight, loss {loss:.3f}", step, steps),
    )
    start_from(model, heads)
    pass_on_places(model)
    train_alignment(
        model,
        tokenizer,
        seen,
        recipe.alignment,
        seed=seed,
        checkpoint=folder / f"seed-{seed}" / "alignment.safetensors",
        progress=lambda step, steps, loss: progress(f"alignment, loss {loss:.3f}", step, steps),
    )
    never_seen = see(
        CHOSEN, recipe.held_out_seed, recipe.held_out_categories, folder, held_out=True, workers=workers, progress=progress
    )
    described = {
        "seed": seed,
        "schedule": asdict(recipe.alignment),
        "categories": recipe.training_categories,
        "tower": {"name": CHOSEN, **asdict(BACKBONES[CHOSEN])},
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "gate": alignment_gate(model, tokenizer, never_seen).described(),
        "reading": reading_gate(model.model.language_model, model.lm_head, tokenizer, seed=recipe.held_out_seed, count=recipe.gate_questions).described(),
    }
    write_stage(folder / f"seed-{seed}" / "alignment" / "model.safetensors", learnt_weights(model), described)
    return described


def reader_of(seed: int, folder: Path) -> Path:
    """Weights of the decoder that alignment begins with: what the language stage of ``seed`` left in ``folder``, and else the kept one's."""
    own = folder / f"seed-{seed}" / "reading" / "decoder.safetensors"
    return own if own.exists() else KEPT_READER


def learnt_weights(model: FastVlmForConditionalGeneration) -> dict[str, torch.Tensor]:
    """All but the backbone itself, which comes with its package."""
    return {name: value for name, value in model.state_dict().items() if ".network." not in name and name != "lm_head.weight"}
