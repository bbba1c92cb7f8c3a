"""Whether a model's weights fit into memory, told before minutes of loading end in a killed process."""

from __future__ import annotations

import logging
from pathlib import Path

import psutil
import torch
from huggingface_hub import parse_local_safetensors_file_metadata

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError

LOG = logging.getLogger("eagle.mllm")
GIB = 2**30
BYTES_PER_PARAMETER = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "8bit": 1.1, "4bit": 0.6}
"""Quantised models keep embeddings and norms unquantised, and scales beside the weights: their figures are estimates."""
SPREAD = frozenset({"auto", "balanced", "sequential"})
"""Values of ``mllm.device`` that let accelerate spread a model over several devices."""
ROOM = 1.2
"""Activations and key/value cache take about a fifth of the weights beside them; less than that is warned about."""


def weight_bytes(folder: Path, config: MllmConfig) -> int:
    """Memory that the weights in ``folder`` take in the configured form; reads the files' headers only."""
    parameters = sum(
        sum(parse_local_safetensors_file_metadata(path).parameter_count.values())
        for path in folder.glob("*.safetensors")
    )
    return int(parameters * BYTES_PER_PARAMETER[config.quantization or config.dtype])


def free_bytes(device: str) -> int | None:
    """Memory that is free on ``device``; of all GPUs and the processor where it is spread; None: not known."""
    processor: int = psutil.virtual_memory().available
    gpus = [torch.cuda.mem_get_info(index)[0] for index in range(torch.cuda.device_count())]
    if device == "cpu":
        return processor
    if device in SPREAD:
        return processor + sum(gpus)
    name, _, index = device.partition(":")
    number = int(index) if index.isdigit() else 0
    return gpus[number] if name == "cuda" and number < len(gpus) else None


def check_memory(name: str, folder: Path, config: MllmConfig) -> None:
    """Refuse weights that cannot fit; warn where hardly anything is left beside them.

    Raises:
        ModelError: Says how much is needed, how much is free, and what takes less.
    """
    needed, free = weight_bytes(folder, config), free_bytes(config.device)
    if free is None:
        return
    facts = f"{name}: the weights take {needed / GIB:.1f} GiB as {config.quantization or config.dtype}, {free / GIB:.1f} GiB are free on {config.device}"
    if needed > free:
        raise ModelError(f"{facts}; choose mllm.dtype: bfloat16, mllm.quantization: 4bit, mllm.device: auto, or a smaller model")
    if needed * ROOM > free:
        LOG.warning("%s: little is left for images; a batch that does not fit will be halved", facts)
