"""Load a model: the embedded one, a local folder, a hub id, or an endpoint. Nothing is substituted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import SafetensorsParsingError
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor, BitsAndBytesConfig
from transformers.utils import is_bitsandbytes_available, logging

from eagle_core.config import MllmConfig
from eagle_core.counted import counted
from eagle_core.errors import ModelError
from eagle_core.mllm.adapters.families import adapter_for
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.endpoint import EndpointChatModel
from eagle_core.mllm.memory import GIB, SPREAD, check_memory, weight_bytes
from eagle_core.mllm.model_files import Digest, ModelFiles, file_digest, obtain
from eagle_core.mllm.protocol import ChatModel
from eagle_core.mllm.remote.code import refuse_untrusted
from eagle_core.mllm.remote.loading import load_remote


def load_model(config: MllmConfig, digest: Digest = file_digest) -> ChatModel:
    """Load the model that ``config`` names, fetching a hub id's files where the hub can be reached; or its endpoint.

    Args:
        config: Names the model and how it is loaded.
        digest: Hashes a file; a caller may remember what it found.

    Raises:
        ModelError: The endpoint does not serve it, the files are missing and cannot be fetched, the model brings code
            that the configuration does not ask to run, the family has no adapter, the weights do not fit into memory,
            or the checkpoint does not load; the message says what to do.
    """
    if config.endpoint is not None:
        return EndpointChatModel(config)
    found = obtain(config)
    own_code = refuse_untrusted(found.folder, config)
    fingerprint = found.fingerprint(digest)
    remote = load_remote(found.folder, config, name=found.name, fingerprint=fingerprint) if own_code else None
    return _load(found, config, fingerprint) if remote is None else remote


def _load(found: ModelFiles, config: MllmConfig, fingerprint: str) -> TransformersChatModel:
    options = {"trust_remote_code": config.trust_remote_code, "local_files_only": True}
    try:
        model_config = AutoConfig.from_pretrained(found.folder, **options)
        adapter = adapter_for(model_config.model_type, found.name)
        if adapter.tower:
            import_module(adapter.tower)
        processor = AutoProcessor.from_pretrained(found.folder, **options)
        check_memory(found.name, found.folder, config)
        with _quietly_if_small(found.folder, config):
            loaded: Any = AutoModelForImageTextToText.from_pretrained(
                found.folder,
                config=model_config,
                dtype=getattr(torch, config.dtype),
                device_map=config.device if config.device in SPREAD else {"": config.device},
                quantization_config=_quantization(config),
                attn_implementation=config.attention,
                use_safetensors=True,
                output_loading_info=True,
                **options,
            )
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"mllm.device: {found.name} cannot be loaded onto {config.device!r}: {error}") from error
    except ImportError as error:
        remedy = "" if config.attention == "sdpa" else f" (mllm.attention: {config.attention}; sdpa needs nothing more)"
        raise ModelError(f"{found.name} needs something that is not installed here: {error}{remedy}") from error
    except (OSError, ValueError, KeyError, SafetensorError, SafetensorsParsingError) as error:
        raise ModelError(f"{found.name}: the checkpoint in {found.folder} does not load: {error}") from error
    model, report = loaded
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise ModelError(
            f"{found.name}: the checkpoint lacks {counted(len(missing), 'weight')} ({missing[0]}, ...), which transformers would "
            "fill at random; fetch it again or name another folder"
        )
    return TransformersChatModel(model, processor, adapter, config, name=found.name, fingerprint=fingerprint)


def _quantization(config: MllmConfig) -> BitsAndBytesConfig | None:
    if config.quantization is None:
        return None
    if not is_bitsandbytes_available():
        raise ModelError(f"mllm.quantization: {config.quantization} needs bitsandbytes; install it: pip install 'eagle-iad[quantized]'")
    return BitsAndBytesConfig(
        load_in_8bit=config.quantization == "8bit",
        load_in_4bit=config.quantization == "4bit",
        bnb_4bit_compute_dtype=getattr(torch, config.dtype),
    )


@contextmanager
def _quietly_if_small(folder: Path, config: MllmConfig) -> Iterator[None]:
    """Without transformers' progress bar where loading takes no time."""
    shown = logging.is_progress_bar_enabled() and weight_bytes(folder, config) < GIB
    if shown:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
