"""The one attention function that guides every architecture, registered with transformers by name.

transformers hands it query, key and value after rotary embedding and q/k norms. It scales the columns of the
chosen layers and delegates to stock attention; without an active scope, or in any other module, it *is* stock.

Over SDPA it has a name of its own, registered for masks too: otherwise transformers would pass no mask and padding
would be attended. Flash attention chooses its kernel by the implementation's name, so there it stands in under that
very name while a scope is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from eagle_core.attention.scaling import ColumnScaling, Heads, scale
from eagle_core.errors import AttentionError

NAME = "eagle_guided"
"""Without "flash", "flex" or "/", which transformers would take for another backend."""
FLASH = ("flash_attention_2", "flash_attention_3")
"""Implementations beside ``sdpa`` that are delegated to where they are installed."""
UNSUPPORTED = ("softcap", "sliding_window", "s_aux", "cache")
"""Arguments of attention functions that change what a scaled key means."""


@dataclass(frozen=True, slots=True)
class AttentionCall:
    """What one layer is about to compute, before and after guidance."""

    layer: int
    stock: Heads
    guided: Heads
    """Same object as ``stock`` where nothing is scaled."""
    mask: Tensor | None
    """``(B, 1, Lq, Lk)``: bool, True where attention is allowed, or additive; None: causal."""
    softmax_scale: float


Observer = Callable[[AttentionCall], None]
AttentionFunction = Callable[..., tuple[Tensor, Tensor | None]]


@dataclass(slots=True)
class ActiveScope:
    """What the registered function does while a scope is open in this context."""

    layer_of: dict[nn.Module, int]
    """The decoder's attention modules; any other module gets stock attention."""
    scaling: ColumnScaling | None
    observer: Observer | None
    fired: dict[int, int] = field(default_factory=dict)
    """Times each scaled layer ran guided."""


ACTIVE: ContextVar[ActiveScope | None] = ContextVar("eagle_active_attention_scope", default=None)
"""Per thread and per asyncio task: a thread started inside a scope does not inherit it and runs stock attention."""


@contextmanager
def standing_in(decoder: PreTrainedModel) -> Iterator[None]:
    """While the block runs, ``decoder``'s attention goes through ``guided``; afterwards everything is as before.

    Raises:
        AttentionError: Another scope is open on this decoder, or anywhere in the process over the same flash attention.
    """
    stock: str = decoder.config._attn_implementation
    function = ALL_ATTENTION_FUNCTIONS[stock]
    if isinstance(function, GuidedAttention):
        raise AttentionError("attention is already being guided: scopes do not nest, nor cross threads")
    guided = GuidedAttention(function)
    if stock in FLASH:
        AttentionInterface.register(stock, guided)
        try:
            yield
        finally:
            AttentionInterface.register(stock, function)
        return
    AttentionInterface.register(NAME, guided)
    AttentionMaskInterface.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS[stock])
    decoder.set_attn_implementation(NAME)
    try:
        yield
    finally:
        decoder.set_attn_implementation(stock)


@dataclass(frozen=True, slots=True)
class GuidedAttention:
    """Attention with the active scope's guidance over a stock function: transformers' attention function interface."""

    stock: AttentionFunction

    def __call__(
        self, module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any
    ) -> tuple[Tensor, Tensor | None]:
        """See ``guided_attention``."""
        return guided_attention(self.stock, module, query, key, value, attention_mask, **kwargs)


def guided_attention(
    stock_attention: AttentionFunction,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attention of one layer: scaled and observed as the active scope says, computed by ``stock_attention``.

    Raises:
        AttentionError: A guided layer uses soft-capping, a sliding window, sinks or a paged cache.
    """
    scope = ACTIVE.get()
    layer = None if scope is None else scope.layer_of.get(module)
    if scope is None or layer is None:
        return stock_attention(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    columns = scope.scaling if scope.scaling is not None and layer in scope.scaling.layers else None
    if columns is None and scope.observer is None:
        return stock_attention(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    _refuse(kwargs, layer)
    softmax_scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    stock = Heads(query, key, value)
    guided = stock if columns is None else scale(stock, columns, softmax_scale)
    if scope.observer is not None:
        scope.observer(AttentionCall(layer, stock, guided, attention_mask, softmax_scale))
    output, _ = stock_attention(module, *guided, attention_mask, scaling=softmax_scale, **kwargs)
    if columns is not None:
        scope.fired[layer] = scope.fired.get(layer, 0) + 1
        if columns.mode == "weights":
            # One more dimension may change the order of summation, so untouched rows are computed as stock does.
            output = output[..., : value.shape[-1]]
            if not columns.every_row_guided:
                unguided, _ = stock_attention(module, *stock, attention_mask, scaling=scaling, **kwargs)
                rows = columns.guided_rows(query.shape[0], query.device)
                output = torch.where(rows[:, None, None, None], output, unguided)
    return output, None


def _refuse(kwargs: dict[str, Any], layer: int) -> None:
    found = [name for name in UNSUPPORTED if kwargs.get(name) is not None]
    if found:
        raise AttentionError(f"CAAS is not available in layer {layer}: its attention uses {', '.join(found)}")
