"""What a backbone's name means, before any weights: its layers, normalisation, feature width and stride.

timm is imported where it is asked: it brings torchvision and torch's compiler, and judging by the installed weights needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Any

import torch

from eagle_core.config import BackboneConfig, PreprocessingConfig
from eagle_core.errors import ConfigurationError
from eagle_core.expert.lite import MEAN, SIZES, STD, lite_stages
from eagle_core.expert.packaged import packaged_weights

Normalisation = tuple[float, float, float]
STRIDES = (8, 16)
"""Of the layers that are taken where none are named: PatchCore's layer2 and layer3 of a ResNet."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A timm model up to its last needed layer, and the normalisation its weights expect."""

    name: str
    """timm model name."""
    layers: tuple[str, ...]
    """Feature stages, from shallow to deep."""
    indices: tuple[int, ...] = field(repr=False)
    """Their places among timm's stages; they follow from the layers and are no part of the fingerprint."""
    mean: tuple[float, float, float]
    """Per channel, of values in 0..1."""
    std: tuple[float, float, float]
    dimension: int
    """D, channels of all layers together."""
    stride: int
    """Input pixels per patch along each side, at the first layer."""

    def grid(self, preprocessing: PreprocessingConfig) -> tuple[int, int]:
        """(h, w) of the patches of one image."""
        width, height = preprocessing.input_size
        return ceil(height / self.stride), ceil(width / self.stride)


def resolve_architecture(config: BackboneConfig) -> Architecture:
    """Look the configured backbone up.

    Raises:
        ConfigurationError: timm does not know the model, the model has not these layers in this order, or no
            package ships its weights.
    """
    if config.weights == "packaged":
        packaged_weights(config.name)
    name = config.name
    mean, std, stages = (MEAN, STD, lite_stages(name)) if name in SIZES else _from_timm(name)
    layers = _layers(config.layers, name, {module: stride for module, (_, stride) in stages.items()})
    return Architecture(
        name=name,
        layers=layers,
        indices=tuple(list(stages).index(layer) for layer in layers),
        mean=mean,
        std=std,
        dimension=sum(stages[layer][0] for layer in layers),
        stride=stages[layers[0]][1],
    )


def _from_timm(name: str) -> tuple[Normalisation, Normalisation, dict[str, tuple[int, int]]]:
    """Mean and standard deviation of the input's channels; the feature stages as of ``lite_stages``."""
    import timm

    normalisation = _normalisation(name)
    # Built on the meta device: shapes only, no memory and no random numbers.
    with torch.device("meta"):
        info: Any = timm.create_model(name, features_only=True, pretrained=False).feature_info
    stages = {stage["module"]: (stage["num_chs"], stage["reduction"]) for stage in info.info}
    return tuple(normalisation.mean), tuple(normalisation.std), stages


def _layers(asked: tuple[str, ...] | None, name: str, strides: dict[str, int]) -> tuple[str, ...]:
    """timm's names of the layers; where none were asked for those of ``STRIDES``, or a transformer's last block.

    timm prints ``blocks.2`` and, of models whose features it wraps, ``blocks_2``: both spell the same here.
    """
    if asked is None:
        if len(set(strides.values())) == 1:
            return (list(strides)[-1],)
        found = tuple(module for module, stride in strides.items() if stride in STRIDES)
        if [strides[module] for module in found] != list(STRIDES):
            raise ConfigurationError(f"backbone.layers: name some of {name}'s: {', '.join(strides)}")
        return found
    spelled = {module.replace("_", "."): module for module in strides}
    found = tuple(spelled.get(layer.replace("_", "."), layer) for layer in asked)
    # anomalib drops layers that it does not find, and timm returns them in its own order: both refused here.
    if not found or list(found) != [module for module in strides if module in found]:
        raise ConfigurationError(
            f"backbone.layers: [{', '.join(asked)}] must be some of {name}'s, in this order: {', '.join(strides)}"
        )
    return found


def _normalisation(name: str) -> Any:
    """timm's description of ``name``, of which ``mean`` and ``std`` are read."""
    import timm

    if not timm.is_model(name):
        close = timm.list_models(f"*{name}*")[:5]
        raise ConfigurationError(
            f"backbone.name: timm has no model {name}" + (f"; similar: {', '.join(close)}" if close else "")
        )
    known: Any = timm.get_pretrained_cfg(name)
    if known is None:
        raise ConfigurationError(f"backbone.name: timm does not say how {name} normalises its input")
    return known
