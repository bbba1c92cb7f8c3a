"""Find a model's files: the embedded model, a local folder, or a hub id. Nothing is loaded, nothing substituted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.remote.code import opt_in, refuse_unpinned

PATTERNS = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model", "*.py")
"""What a checkpoint consists of; pickled weights are neither fetched nor read."""

HUB_TIMEOUT_S = 10
Digest = Callable[[Path], str]
"""SHA-256 of a file's bytes as hex digits; a caller may remember it."""


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model folder on this machine."""

    name: str
    folder: Path
    commit: str | None
    """Of a hub model; None for local folders, which are hashed."""

    def __str__(self) -> str:
        return f"{self.name} ({self.folder})" if self.commit is None else f"{self.name} at {self.commit[:12]}"

    def fingerprint(self, digest: Digest = file_digest) -> str:
        """Name and commit of a hub model; SHA-256 over all files of a local one."""
        if self.commit is not None:
            return f"{self.name}@{self.commit}"
        whole = hashlib.sha256()
        for path in sorted({p for pattern in PATTERNS for p in self.folder.glob(pattern)}):
            whole.update(path.name.encode())
            whole.update(bytes.fromhex(digest(path)))
        return f"sha256:{whole.hexdigest()}"


EMBEDDED = {
    "embedded": "mllm",
    "embedded-control": "mllm_control",
}
"""Models that ship with the package: the default, and one whose priors were right half of the time in the last part of its training,
so that it had no reason to trust them."""


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
        remedy = "reinstall the package, or train one (python -m flows.train_embedded --out DIR) and name it: mllms.NAME.model: DIR/seed-0/model"
        return _local(config.model, embedded_folder(config.model), remedy)
    if folder.is_dir():
        return _local(config.model, folder, "mllm.model must be a folder written by save_pretrained")
    if folder.is_absolute() or config.model.startswith((".", "~")):
        raise ModelError(f"mllm.model: there is no folder {folder}")
    return _hub(config, local_files_only=True)


def obtain(config: MllmConfig) -> ModelFiles:
    """``locate``, fetching a hub id's files where they are not here and the hub can be reached.

    Raises:
        ModelError: They are not here and cannot be fetched; says how to get them.
    """
    try:
        return locate(config)
    except ModelError:
        if config.model in EMBEDDED or not _is_hub_id(config.model):
            raise
        return _hub(config, local_files_only=False)


def _local(name: str, folder: Path, remedy: str) -> ModelFiles:
    missing = [what for what in ("config.json", "*.safetensors") if not any(folder.glob(what))]
    if missing:
        raise ModelError(f"{name}: {folder} holds no {' and no '.join(missing)}; {remedy}")
    return ModelFiles(name, folder, commit=None)


def _is_hub_id(model: str) -> bool:
    return not (Path(model).is_absolute() or model.startswith((".", "~")) or Path(model).is_dir())


def _hub(config: MllmConfig, *, local_files_only: bool) -> ModelFiles:
    # Only hub ids need the hub's client, whose import takes longer than finding a folder.
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

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
            + opt_in(config)
        ) from error
    return ModelFiles(config.model, Path(folder), commit=Path(folder).name)
