"""What an MLLM's answers are keyed by, found without its weights in memory: from its files, or from its server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.adapters.families import adapter_for
from eagle_core.mllm.model_files import Digest, ModelFiles, file_digest, obtain
from eagle_core.mllm.remote.code import refuse_untrusted

OWN_CODE_VERSION = 1
"""Of Eagle's side of checkpoints that bring their own code."""
DECODER_SECTIONS = ("text_config", "llm_config")
"""Where a composite model's config.json describes its language model."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """An MLLM, as far as its answers depend on it."""

    name: str
    """``embedded``, the local folder's path, the hub id, or the name that a server knows it by."""
    fingerprint: str
    """Name and commit, SHA-256 over all files, or the server's address and what it tells."""
    dtype: str
    """Arithmetic of the weights, with quantisation and attention implementation where they are not the default."""
    adapter: str | None
    """Model type; None: served elsewhere."""
    adapter_version: int
    """Of Eagle's side of the model: raised when what it makes of a prompt changes."""
    depth: int | None
    """Number of decoder layers; None: they cannot be reached, so attention can be neither guided nor seen."""

    def key(self) -> dict[str, Any]:
        """What a cache key holds of it, as JSON values. A copy of a model under another name has the same."""
        return {
            "weights": self.fingerprint,
            "dtype": self.dtype,
            "adapter": [self.adapter, self.adapter_version],
        }


def identify(config: MllmConfig, digest: Digest = file_digest) -> ModelIdentity:
    """The identity of the model that ``config`` names; of a model here, its files are hashed and config.json is read.

    Args:
        config: Names the model.
        digest: Hashes a file; a caller may remember what it found.

    Raises:
        ModelError: The files are not here and cannot be fetched, the model brings code that the configuration does not
            ask to run, its family has no adapter, or its server cannot be asked.
    """
    if config.endpoint is not None:
        from eagle_core.mllm.endpoint import EndpointChatModel

        served = EndpointChatModel(config)
        return ModelIdentity(served.name, served.fingerprint, _arithmetic(config), None, 1, None)
    found = obtain(config)
    own_code = refuse_untrusted(found.folder, config)
    described = _described(found)
    adapter, version = _adapter(str(described.get("model_type")), found, own_code=own_code)
    depth = _depth(described, found.folder, config)
    return ModelIdentity(found.name, found.fingerprint(digest), _arithmetic(config), adapter, version, depth)


def _arithmetic(config: MllmConfig) -> str:
    other = [*([config.quantization] if config.quantization else []), *([config.attention] if config.attention != "sdpa" else [])]
    return " ".join([config.dtype, *other])


def _described(found: ModelFiles) -> dict[str, Any]:
    path = found.folder / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{found.name}: {path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{found.name}: {path} holds no JSON object")
    return content


def _adapter(model_type: str, found: ModelFiles, *, own_code: bool) -> tuple[str, int]:
    if own_code:
        from eagle_core.mllm.remote.families import REMOTE_FAMILIES

        if model_type in REMOTE_FAMILIES:
            return f"own code: {model_type}", OWN_CODE_VERSION
    adapter = adapter_for(model_type, found.name)
    return adapter.model_type, adapter.version


def _depth(described: dict[str, Any], folder: Path, config: MllmConfig) -> int:
    """From config.json; where it leaves the number to the class's default, transformers is asked."""
    decoder = next((described[name] for name in DECODER_SECTIONS if isinstance(described.get(name), dict)), described)
    stated = decoder.get("num_hidden_layers")
    if isinstance(stated, int):
        return stated
    from transformers import AutoConfig

    try:
        known = AutoConfig.from_pretrained(folder, trust_remote_code=config.trust_remote_code, local_files_only=True)
        return int(known.get_text_config(decoder=True).num_hidden_layers)
    except (AttributeError, ImportError, OSError, ValueError) as error:
        raise ModelError(f"{config.model}: {folder / 'config.json'} does not say how many layers it has: {error}") from error
