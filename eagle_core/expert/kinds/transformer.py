"""What kinds that read a vision transformer's blocks need to know of a backbone."""

from __future__ import annotations

from eagle_core.errors import ConfigurationError
from eagle_core.expert.architecture import Architecture


def block_numbers(architecture: Architecture, kind: str) -> list[int]:
    """Numbers of the blocks that ``architecture.layers`` name.

    Raises:
        ConfigurationError: The backbone is no vision transformer.
    """
    names = [layer.rpartition(".") for layer in architecture.layers]
    if "vit" not in architecture.name or any(stem != "blocks" or not number.isdigit() for stem, _, number in names):
        raise ConfigurationError(
            f"expert.kind {kind} reads the blocks of a vision transformer, and {architecture.name} is none; set "
            "expert.backbone to one, such as {name: vit_small_patch14_dinov2, weights: pretrained, layers: null}"
        )
    return [int(number) for _, _, number in names]
