"""What an expert must be able to do for thresholds, gate, boxes and report: fit on normal images, score one with a map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import nn

from eagle_core.expert.architecture import Architecture

Batches = Callable[[], Iterator[torch.Tensor]]
"""The normal images from the first to the last, as ``(B, 3, H, W) float32``; may be asked for several times."""


class Reading(NamedTuple):
    """What a model says of a batch of B images."""

    scores: torch.Tensor
    """``(B,) float32``."""
    maps: torch.Tensor
    """``(B, h, w) float32``, at the backbone's grid."""
    patches: torch.Tensor
    """``(B, h * w, D) float32``: features of the first layer, for retrieval and likeness."""


class AnomalibModel:
    """One of anomalib's torch models behind three verbs. Its weights are random until ``take_weights``."""

    def __init__(self, model: nn.Module, extractor: Any, architecture: Architecture) -> None:
        self.model = model.eval()
        self.extractor = extractor
        self.architecture = architecture

    def take_weights(self, network: nn.Module) -> None:
        """Fill the backbone from one of the same architecture."""
        self.extractor.feature_extractor.load_state_dict(network.state_dict())
        self.model.requires_grad_(False)

    def fit(self, batches: Batches) -> None:
        """Learn what is normal."""
        raise NotImplementedError

    @torch.inference_mode()
    def read(self, batch: torch.Tensor) -> Reading:
        """Score ``(B, 3, H, W) float32``.

        The map is anomalib's, which is smoothed at the input's size, reduced to the grid by its maximum in each cell. Its
        peak is raised to the image's score where that is higher, so that an image over the threshold has a place in it.
        """
        seen: list[torch.Tensor] = []
        hook = self.extractor.register_forward_hook(lambda _module, _inputs, out: seen.append(next(iter(out.values()))))
        try:
            found = self.model.eval()(batch)
        finally:
            hook.remove()
        rows, columns = -(-batch.shape[2] // self.architecture.stride), -(-batch.shape[3] // self.architecture.stride)
        scores = found.pred_score.reshape(len(batch)).float()
        maps = torch.nn.functional.adaptive_max_pool2d(found.anomaly_map.float(), (rows, columns)).flatten(1)
        peak = maps.argmax(dim=1, keepdim=True)
        maps = maps.scatter(1, peak, torch.maximum(maps.gather(1, peak), scores[:, None]))
        return Reading(scores, maps.reshape(len(batch), rows, columns), _patches(seen[0], rows * columns))

    def state(self) -> dict[str, torch.Tensor]:
        """What was learnt, without the backbone."""
        own = {id(tensor) for tensor in self.extractor.state_dict(keep_vars=True).values()}
        kept = self.model.state_dict(keep_vars=True)
        return {key: tensor.detach().cpu().contiguous() for key, tensor in kept.items() if id(tensor) not in own}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Take over what another of the same kind learnt; the backbone keeps its weights."""
        self.model.load_state_dict({**self.model.state_dict(), **state})


def _patches(features: torch.Tensor, count: int) -> torch.Tensor:
    """``(B, count, D)`` of a feature map ``(B, D, h, w)``, or of tokens ``(B, L, D)`` less those before the patches."""
    tokens = features.flatten(2).transpose(1, 2) if features.ndim == 4 else features[:, -count:]
    return tokens.float()
