"""Checkpoints without pickle: weights and optimizer state as safetensors, the rest as JSON. Atomic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from eagle_core.errors import DataError
from eagle_core.whole_file import written_whole


def save_checkpoint(path: Path, module: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int, recipe: Mapping[str, Any]) -> None:
    """Write the state after ``step`` steps of ``recipe`` to one file; a reader sees the old one or the whole new one."""
    tensors = {f"module.{name}": value.detach().clone() for name, value in module.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": value.clone() for name, value in state.items()}
    with written_whole(path) as aside:
        aside.write_bytes(save(tensors, metadata={"step": json.dumps(step), "recipe": json.dumps(recipe)}))


def read_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], int, dict[str, Any]]:
    """Tensors, step and recipe of a checkpoint.

    Raises:
        DataError: The file is missing or damaged.
    """
    try:
        content = path.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        return load(content), int(header["step"]), json.loads(header.get("recipe", "{}"))
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise DataError(f"{path} is no checkpoint of this training ({error}); delete it to start anew") from error


def load_checkpoint(path: Path, module: torch.nn.Module, optimizer: torch.optim.Optimizer, recipe: Mapping[str, Any]) -> int:
    """Bring module and optimizer to the saved state; returns its step.

    Raises:
        DataError: The file is damaged, or of another model or recipe.
    """
    tensors, step, followed = read_checkpoint(path)
    if others := [f"{name} {followed.get(name)}, now {value}" for name, value in recipe.items() if followed.get(name) != value]:
        raise DataError(
            f"{path} is a checkpoint of another recipe ({'; '.join(others)}): take the same one to go on, delete the file to start anew"
        )
    try:
        module.load_state_dict({k.removeprefix("module."): v for k, v in tensors.items() if k.startswith("module.")})
    except RuntimeError as error:
        raise DataError(f"{path} is a checkpoint of another model ({error}); delete it to start anew") from error
    states: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, number, name = key.split(".", 2)
            states.setdefault(int(number), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": states, "param_groups": groups})
    return step
