"""Weights for a backbone: every tensor that the features need, or an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from eagle_core.errors import WeightsError
from eagle_core.expert.hub import REMEDY

BATCH_COUNTER = "num_batches_tracked"


def load_weights(model: torch.nn.Module, path: Path) -> None:
    """Fill ``model`` in place from the safetensors file ``path``.

    Raises:
        WeightsError: The file is missing or no safetensors file, or see ``fill``.
    """
    try:
        stored = load_file(path)
    except FileNotFoundError as error:
        raise WeightsError(f"backbone weights {path} do not exist; {REMEDY}") from error
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"backbone weights {path} are no readable safetensors file ({error}); {REMEDY}") from error
    fill(model, stored, str(path))


def fill(model: torch.nn.Module, tensors: Mapping[str, torch.Tensor], source: str) -> None:
    """Fill ``model`` in place from ``tensors``.

    Keys are timm's or, where they are the same (ResNets), torchvision's. Tensors that the model does not have
    (later layers, classifier) are ignored.

    Raises:
        WeightsError: The first needed tensor that is missing, of the wrong shape or not finite; ``source`` is named.
    """
    stored = {_canonical(key): tensor for key, tensor in tensors.items()}
    filled = {}
    for key, tensor in model.state_dict().items():
        if key.endswith(BATCH_COUNTER):
            filled[key] = tensor
            continue
        found = stored.get(_canonical(key))
        if found is None:
            raise WeightsError(f"backbone weights {source} lack {key}; use a file of this model up to its last layer")
        if found.shape != tensor.shape:
            raise WeightsError(
                f"backbone weights {source}: {key} has shape {tuple(found.shape)}, the model needs {tuple(tensor.shape)}"
            )
        if not torch.isfinite(found).all():
            raise WeightsError(f"backbone weights {source}: {key} holds values that are not finite")
        filled[key] = found.to(tensor.dtype)
    model.load_state_dict(filled)


def _canonical(key: str) -> str:
    """timm's feature models flatten ``stages.0.x`` to ``stages_0.x``; both spell the same here."""
    return key.replace(".", "_")
