"""Load a checkpoint together with the code that it brings. Runs that code: the caller has checked that it may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from huggingface_hub.errors import SafetensorsParsingError
from safetensors import SafetensorError
from transformers import AutoConfig, PreTrainedModel

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.memory import SPREAD, check_memory
from eagle_core.mllm.remote.chat import RemoteChatModel, decoder_of
from eagle_core.mllm.remote.families import REMOTE_FAMILIES
from eagle_core.mllm.remote.weights import build

FAILURES = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError,
    SafetensorError, SafetensorsParsingError, TypeError, ValueError,
)  # fmt: skip
"""What somebody else's code, written for another version of transformers, may raise."""


def load_remote(folder: Path, config: MllmConfig, *, name: str, fingerprint: str) -> RemoteChatModel | None:
    """The checkpoint in ``folder``; None: its type is none of ``REMOTE_FAMILIES``.

    Args:
        folder: Holds weights, configurations and code.
        config: How it is loaded and asked.
        name: The hub id, or the folder as configured.
        fingerprint: Identifies weights and code.

    Raises:
        ModelError: Weights are missing or do not fit into memory, the code fails with the installed libraries, or the
            configuration asks for what only transformers' own classes can do.
    """
    with _told(name, folder):
        model_config = AutoConfig.from_pretrained(folder, trust_remote_code=True, local_files_only=True)
        if model_config.model_type not in REMOTE_FAMILIES:
            return None
        _refuse_impossible(config, name)
        check_memory(name, folder, config)
        model: Any = build(folder, model_config, getattr(torch, config.dtype))
        family = REMOTE_FAMILIES[model_config.model_type](model, folder)
        _choose_attention(decoder_of(family.language_model), config)
    try:
        model.to(config.device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"mllm.device: {name} cannot be moved to {config.device!r}: {error}") from error
    return RemoteChatModel(model, family, config, name=name, fingerprint=fingerprint)


def _refuse_impossible(config: MllmConfig, name: str) -> None:
    if config.quantization is not None:
        raise ModelError(f"mllm.quantization: {name} brings its own code and is loaded unquantised only; remove it")
    if config.device in SPREAD:
        raise ModelError(
            f"mllm.device: {name} brings its own code and is not spread over devices; name one instead of {config.device}"
        )


def _choose_attention(decoder: PreTrainedModel, config: MllmConfig) -> None:
    """As configured; a decoder of the checkpoint's own that knows no implementations is left as it is."""
    if decoder._can_set_attn_implementation() and decoder._supports_sdpa:
        decoder.set_attn_implementation(config.attention)


@contextmanager
def _told(name: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        raise ModelError(
            f"{name}: the checkpoint in {folder} does not load with transformers {transformers.__version__} and its "
            f"own code: {type(error).__name__}: {error}"
        ) from error
