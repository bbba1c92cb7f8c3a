"""The feature extractor of PatchCore with weights that are what was asked for, never random ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from eagle_core.config import BackboneConfig
from eagle_core.errors import ConfigurationError
from eagle_core.expert import hub
from eagle_core.expert.architecture import Architecture, resolve_architecture
from eagle_core.expert.packaged import read_packaged
from eagle_core.expert.pooled import PooledFeatures, reads_feature_maps
from eagle_core.expert.weights import BATCH_COUNTER, fill, load_weights

if TYPE_CHECKING:
    from eagle_core.expert.patchcore import PatchcoreFeatures
    from eagle_core.expert.runtimes.features import RuntimeFeatures


@dataclass(frozen=True, slots=True)
class Backbone:
    """A frozen network that turns images into patch features."""

    model: PooledFeatures | PatchcoreFeatures | RuntimeFeatures
    architecture: Architecture
    fingerprint: str
    """sha256 over the architecture (name, layers, normalisation) and every weight."""
    device: torch.device

    def extract(self, batch: torch.Tensor) -> torch.Tensor:
        """Locally averaged features of the layers, concatenated, at the first layer's grid.

        Args:
            batch: ``(B, 3, H, W) float32``, normalised with the architecture's mean and std.

        Returns:
            ``(B, D, h, w) float32`` on the backbone's device. Depends on B only in floating-point noise.
        """
        return self.model.embed(batch.to(self.device, memory_format=torch.channels_last))


def load_backbone(config: BackboneConfig, device: str = "cpu", *, with_anomalib: bool = False) -> Backbone:
    """Build a backbone with its weights.

    ``weights`` is ``packaged`` (shipped by an installed package), ``pretrained`` (timm's, downloaded by name) or the
    path of a safetensors file.

    Args:
        config: Name, weights and layers.
        device: Where it runs.
        with_anomalib: As anomalib's PatchCore, which fitting extends; otherwise without importing it, where its
            features can be had so. The features are the same, bit for bit.

    Raises:
        ConfigurationError: See ``resolve_architecture``.
        WeightsError: The weights cannot be had or do not fit; nothing is substituted for them.
    """
    architecture = resolve_architecture(config)
    light = reads_feature_maps(architecture) and not with_anomalib
    build: type[PooledFeatures | PatchcoreFeatures] = PooledFeatures if light else _anomalib()
    if config.weights == "pretrained":
        model = _download(architecture, build)
    else:
        model = build(architecture)
        if config.weights == "packaged":
            fill(model.network, read_packaged(architecture.name), f"packaged for {architecture.name}")
        else:
            load_weights(model.network, Path(config.weights))
    try:
        target = torch.device(device)
        # channels_last: 1.4 times faster convolutions on CPU, features change by 1e-6.
        model = model.to(target).to(memory_format=torch.channels_last).requires_grad_(False)
    except (RuntimeError, AssertionError) as error:
        raise ConfigurationError(f"run.device: the expert cannot run on {device!r}: {error}") from error
    return Backbone(model, architecture, _fingerprint(model.network, architecture), target)


def _anomalib() -> type[PatchcoreFeatures]:
    from eagle_core.expert.patchcore import PatchcoreFeatures

    return PatchcoreFeatures


def _download(
    architecture: Architecture, build: type[PooledFeatures | PatchcoreFeatures]
) -> PooledFeatures | PatchcoreFeatures:
    from huggingface_hub.errors import HfHubHTTPError  # brings an HTTP client

    if reason := hub.why_unreachable(architecture.name):
        raise hub.no_weights(architecture.name, reason)
    try:
        return build(architecture, download=True)
    # timm raises RuntimeError where a model has no pretrained weights at all.
    except (OSError, HfHubHTTPError, RuntimeError) as error:
        raise hub.no_weights(architecture.name, hub.reason_of(error)) from error


def _fingerprint(network: torch.nn.Module, architecture: Architecture) -> str:
    digest = hashlib.sha256(repr(architecture).encode())
    for key, tensor in sorted(network.state_dict().items()):
        if not key.endswith(BATCH_COUNTER):
            digest.update(key.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
