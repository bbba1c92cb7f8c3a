"""What a backbone's weights are read from, as far as that is a file: known without building the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eagle_core.config import BackboneConfig
from eagle_core.expert.packaged import FOLDER, installed_file, packaged_weights


def weights_source(config: BackboneConfig, digest: Callable[[Path], str]) -> str | None:
    """Hex digests of the files that decide the weights; None where only loading them can tell, or say what is wrong.

    Args:
        config: Names the weights.
        digest: SHA-256 of a file; a caller may remember what it found.

    Raises:
        ConfigurationError: No known package ships the weights.
        WeightsError: The package that ships them is not installed.
    """
    if config.weights == "pretrained":
        return None
    if config.weights == "packaged":
        known = packaged_weights(config.name)
        found = digest(installed_file(known))
        return f"{found} {digest(FOLDER / f'{config.name}.json')}" if found == known.sha256 else None
    path = Path(config.weights)
    return digest(path) if path.is_file() else None
