"""What a fitted expert is keyed by of its backbone: architecture and weights, found without the network in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eagle_core.config import BackboneConfig
from eagle_core.errors import WeightsError
from eagle_core.expert import hub
from eagle_core.expert.architecture import resolve_architecture
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.packaged import packaged_weights

Digest = Callable[[Path], str]
"""SHA-256 of a file's bytes as hex digits; a caller may remember it."""


@dataclass(frozen=True, slots=True)
class BackboneIdentity:
    """A backbone, as far as its features depend on it."""

    architecture: str
    """Name, layers and normalisation, in words."""
    weights: str
    """SHA-256 of their file, commit on the hub, or SHA-256 over every weight."""

    def key(self) -> list[str]:
        """What a cache key holds of it, as JSON values."""
        return [self.architecture, self.weights]


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def identify_backbone(config: BackboneConfig, digest: Digest = file_digest) -> BackboneIdentity:
    """The identity of the backbone that ``config`` names.

    Packaged weights are known by the hash that their package states; a file is hashed, not read as weights; weights
    from the hub are fetched where they are not here yet, and known by their commit. Only where timm downloads from
    elsewhere must the network be built to tell.

    Args:
        config: Names the backbone.
        digest: Hashes a file; a caller may remember what it found.

    Raises:
        ConfigurationError: See ``resolve_architecture``.
        WeightsError: The weights are not here and cannot be fetched.
    """
    architecture = repr(resolve_architecture(config))
    if config.weights == "packaged":
        return BackboneIdentity(architecture, f"sha256:{packaged_weights(config.name).sha256}")
    if config.weights == "pretrained":
        return BackboneIdentity(architecture, _downloaded(config))
    path = Path(config.weights)
    if not path.is_file():
        raise WeightsError(f"backbone weights {path} do not exist; {hub.REMEDY}")
    return BackboneIdentity(architecture, f"sha256:{digest(path)}")


def _downloaded(config: BackboneConfig) -> str:
    import timm

    known: Any = timm.get_pretrained_cfg(config.name)
    if not known.hf_hub_id:
        return f"network:{load_backbone(config).fingerprint}"
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    if reason := hub.why_unreachable(config.name):
        raise hub.no_weights(config.name, reason)
    try:
        path = Path(hf_hub_download(known.hf_hub_id, known.hf_hub_filename or hub.FILE))
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise hub.no_weights(config.name, hub.reason_of(error)) from error
    return f"{known.hf_hub_id}@{path.parent.name}"
