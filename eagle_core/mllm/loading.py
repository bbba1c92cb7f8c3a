"""Find a model's files and load it: the embedded model, a local folder, or a hub id. Nothing is substituted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx2
import torch
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    SafetensorsParsingError,
)
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor, BitsAndBytesConfig
from transformers.utils import is_bitsandbytes_available, logging

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.adapters.families import adapter_for
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.endpoint import EndpointChatModel
from eagle_core.mllm.memory import GIB, SPREAD, check_memory, weight_bytes
from eagle_core.mllm.protocol import ChatModel
from eagle_core.mllm.remote.code import refuse_unpinned, refuse_untrusted
from eagle_core.mllm.remote.loading import load_remote

PATTERNS = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model", "*.py")
"""What a checkpoint consists of; pickled weights are neither fetched nor read."""

HUB_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model folder on this machine."""

    name: str
    folder: Path
    commit: str | None
    """Of a hub model; None for local folders, which are hashed."""

    def __str__(self) -> str:
        return f"{self.name} ({self.folder})" if self.commit is None else f"{self.name} at {self.commit[:12]}"

    @property
    def fingerprint(self) -> str:
        """Name and commit of a hub model; SHA-256 over all files of a local one."""
        if self.commit is not None:
            return f"{self.name}@{self.commit}"
        digest = hashlib.sha256()
        for path in sorted({p for pattern in PATTERNS for p in self.folder.glob(pattern)}):
            digest.update(path.name.encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return f"sha256:{digest.hexdigest()}"


EMBEDDED = {
    "embedded": "mllm",
    "embedded-seed-1": "mllm_seed_1",
    "embedded-seed-2": "mllm_seed_2",
    "embedded-control": "mllm_control",
}
"""Models that ship with the package: the default, two more seeds of it, and one whose priors were right half of the
time in training, so that it had no reason to trust them."""


def embedded_folder(name: str = "embedded") -> Path:
    """Where a model that ships with the package lies."""
    return Path(str(files("eagle_core"))) / "assets" / EMBEDDED[name]


def locate(config: MllmConfig) -> ModelFiles:
    """The model's folder on this machine; the network is not used.

    Raises:
        ModelError: It is not here; says how to get it.
    """
    folder = Path(config.model).expanduser()
    if config.revision and (config.model in EMBEDDED or folder.is_dir()):
        raise ModelError(f"mllm.revision: {config.model} is no hub id and has no revisions; remove it")
    if config.model in EMBEDDED:
        remedy = "reinstall the package, or train it: python -m flows.train_embedded --out DIR"
        return _local(config.model, embedded_folder(config.model), remedy)
    if folder.is_dir():
        return _local(config.model, folder, "mllm.model must be a folder written by save_pretrained")
    if folder.is_absolute() or config.model.startswith((".", "~")):
        raise ModelError(f"mllm.model: there is no folder {folder}")
    return _hub(config, local_files_only=True)


def load_model(config: MllmConfig) -> ChatModel:
    """Load the model that ``config`` names, fetching a hub id's files where the hub can be reached; or its endpoint.

    Raises:
        ModelError: The endpoint does not serve it, the files are missing and cannot be fetched, the model brings code
            that the configuration does not ask to run, the family has no adapter, the weights do not fit into memory,
            or the checkpoint does not load; the message says what to do.
    """
    if config.endpoint is not None:
        return EndpointChatModel(config)
    try:
        found = locate(config)
    except ModelError:
        if config.model in EMBEDDED or not _is_hub_id(config.model):
            raise
        found = _hub(config, local_files_only=False)
    own_code = refuse_untrusted(found.folder, config)
    remote = load_remote(found.folder, config, name=found.name, fingerprint=found.fingerprint) if own_code else None
    return _load(found, config) if remote is None else remote


def _load(found: ModelFiles, config: MllmConfig) -> TransformersChatModel:
    options = {"trust_remote_code": config.trust_remote_code, "local_files_only": True}
    try:
        model_config = AutoConfig.from_pretrained(found.folder, **options)
        adapter = adapter_for(model_config.model_type, found.name)
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
            f"{found.name}: the checkpoint lacks {len(missing)} weights ({missing[0]}, ...), which transformers would "
            "fill at random; fetch it again or name another folder"
        )
    return TransformersChatModel(model, processor, adapter, config, name=found.name, fingerprint=found.fingerprint)


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


def _local(name: str, folder: Path, remedy: str) -> ModelFiles:
    missing = [what for what in ("config.json", "*.safetensors") if not any(folder.glob(what))]
    if missing:
        raise ModelError(f"{name}: {folder} holds no {' and no '.join(missing)}; {remedy}")
    return ModelFiles(name, folder, commit=None)


def _is_hub_id(model: str) -> bool:
    return not (Path(model).is_absolute() or model.startswith((".", "~")) or Path(model).is_dir())


def _hub(config: MllmConfig, *, local_files_only: bool) -> ModelFiles:
    refuse_unpinned(config)
    revision = f" --revision {config.revision}" if config.revision else ""
    try:
        if not local_files_only:
            # One short question first: the download itself tries for most of a minute before it gives up offline.
            HfApi().model_info(config.model, revision=config.revision, timeout=HUB_TIMEOUT_S)
        folder = snapshot_download(
            config.model, revision=config.revision, allow_patterns=list(PATTERNS), local_files_only=local_files_only
        )
    except HFValidationError as error:
        raise ModelError(f"mllm.model: {config.model!r} is neither embedded, nor a folder, nor a hub id") from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, httpx2.TransportError, OSError) as error:
        raise ModelError(
            f"{config.model}: the weights are not on this machine"
            + ("" if local_files_only else " and the hub did not deliver them")
            + f"; where there is network, run: hf download {config.model}{revision}"
        ) from error
    return ModelFiles(config.model, Path(folder), commit=Path(folder).name)
