"""Build a checkpoint's own class and fill it, without transformers' loader.

That loader (transformers 5) builds a model without memory and then overwrites every buffer that is not in the
checkpoint, trusting the class to compute it again in ``_init_weights``. Code written for transformers 4 computes such
buffers (position tables, rotary frequencies) in ``__init__`` only and would run on uninitialised memory. Here the
class is built in memory, keeps what it computed, and gets the checkpoint's weights.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import PretrainedConfig, PreTrainedModel
from transformers.dynamic_module_utils import get_class_from_dynamic_module
from transformers.initialization import no_init_weights
from transformers.modeling_utils import local_torch_dtype

from eagle_core.counted import counted
from eagle_core.errors import ModelError


def build(folder: Path, config: PretrainedConfig, dtype: torch.dtype) -> PreTrainedModel:
    """The model class that ``auto_map`` names for ``AutoModel``, with the folder's weights. Runs the folder's code.

    Raises:
        ModelError: ``auto_map`` names no model, or the checkpoint lacks weights.
    """
    named = getattr(config, "auto_map", {}).get("AutoModel")
    if not named:
        raise ModelError(f"{folder}: auto_map in config.json names no class for AutoModel")
    model_class = get_class_from_dynamic_module(named, str(folder), local_files_only=True)
    with local_torch_dtype(dtype), no_init_weights():
        model = model_class(config)
    for part in model.modules():
        if isinstance(part, PreTrainedModel) and hasattr(part, "all_tied_weights_keys"):
            part.tie_weights()
    _fill(model, folder)
    return model.eval()


def _fill(model: PreTrainedModel, folder: Path) -> None:
    """Copy every shard's weights. Tied weights share memory, so one that was filled through the other is not missing."""
    own = model.state_dict(keep_vars=True)
    filled: set[int] = set()
    for shard in sorted(folder.glob("*.safetensors")):
        weights = {key: value for key, value in load_file(shard).items() if key in own}
        model.load_state_dict(weights, strict=False)
        filled.update(own[key].data_ptr() for key in weights)
    missing = sorted(key for key, value in own.items() if value.data_ptr() not in filled)
    if missing:
        raise ModelError(
            f"the checkpoint in {folder} lacks {counted(len(missing), 'weight')} ({missing[0]}, ...), which would stay "
            "uninitialised; fetch it again or name another folder"
        )
