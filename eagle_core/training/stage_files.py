"""What a stage of the training leaves: the weights that it taught, what its gate measured, and a whole model."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from transformers import PreTrainedModel, ProcessorMixin

from eagle_core.whole_file import written_whole


def write_stage(weights_file: Path, weights: Mapping[str, torch.Tensor], described: Mapping[str, Any]) -> None:
    """Write ``weights`` in float16 to ``weights_file``, and ``described`` beside it to ``gate.json``."""
    with written_whole(weights_file) as aside:
        aside.write_bytes(save({name: value.half().contiguous() for name, value in weights.items()}))
    with written_whole(weights_file.with_name("gate.json")) as aside:
        aside.write_text(_as_json(described), encoding="utf-8")


def write_model(model: PreTrainedModel, processor: ProcessorMixin, described: Mapping[str, Any], folder: Path) -> None:
    """Write ``model`` in float16 with its processor as a checkpoint folder, whole or not at all; ``model`` itself becomes float16.

    ``described`` (how it was trained and what was measured) goes into its ``training.json``.
    """
    aside = folder.with_name(f".{folder.name}-{os.getpid()}")
    model.half().save_pretrained(aside)
    processor.save_pretrained(aside)
    (aside / "training.json").write_text(_as_json(described), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)


def _as_json(described: Mapping[str, Any]) -> str:
    return json.dumps(described, indent=1, sort_keys=True) + "\n"
