"""Layer-wise log-probabilities of the answer options (paper: Fig. 7): each layer read through the final head.

The lens has an offset in early layers, where hidden states are not yet in the head's space: read the options'
difference, beside a control token, not one option's level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from eagle_core.errors import AttentionError


class LayerStates:
    """Last position's hidden state after each decoder layer of the first forward inside ``record``."""

    def __init__(self) -> None:
        self.by_layer: dict[int, Tensor] = {}
        """0-based layer to ``(B, hidden)``."""

    @contextmanager
    def record(self, decoder: PreTrainedModel) -> Iterator[None]:
        """Record while the block runs; hooks are removed even after an exception."""
        handles = [
            layer.register_forward_hook(self._hook(index)) for index, layer in enumerate(_layers(decoder))
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hook(self, index: int) -> Callable[[nn.Module, object, Tensor | tuple[Tensor, ...]], None]:
        def keep(_module: nn.Module, _inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
            hidden = output[0] if isinstance(output, tuple) else output
            self.by_layer.setdefault(index, hidden[:, -1].detach().clone())

        return keep


def _layers(decoder: PreTrainedModel) -> nn.ModuleList:
    layers = getattr(decoder, "layers", None)
    if not isinstance(layers, nn.ModuleList):
        raise AttentionError(f"the lens is not available for {type(decoder).__name__}: it has no list of decoder layers")
    return layers


@torch.inference_mode()
def option_log_probabilities(
    states: LayerStates, final_norm: nn.Module, head: nn.Module, token_ids: Sequence[int]
) -> Tensor:
    """Natural-log probability of each token over the whole vocabulary, ``(layers, B, tokens) float32``.

    Args:
        states: Recorded layers, all of them used in ascending order.
        final_norm: The decoder's last normalisation.
        head: The language model's output head.
        token_ids: Tokens to read: the options' letters, and a control.
    """
    hidden = torch.stack([states.by_layer[layer] for layer in sorted(states.by_layer)])
    return head(final_norm(hidden)).float().log_softmax(dim=-1)[..., list(token_ids)]
