"""Guide or observe a decoder's attention inside a ``with`` block; nothing is left behind after it.

The state is a ContextVar because ``generate`` refuses unknown arguments. It does not cross threads: run the
model in the thread that opened the scope (a streamer's thread would run stock attention, and the scope raises
that it never fired).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from transformers import PreTrainedModel

from eagle_core.attention.registry import ACTIVE, FLASH, ActiveScope, Observer, standing_in
from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.support import attention_layers, refuse_unsupported
from eagle_core.errors import AttentionError


@contextmanager
def attention_scope(
    decoder: PreTrainedModel, scaling: ColumnScaling | None = None, observer: Observer | None = None
) -> Iterator[None]:
    """Run the block with ``decoder``'s attention scaled and observed.

    Args:
        decoder: The text decoder only: a vision tower beside it keeps its own attention.
        scaling: Column factors of the prompt batch that the block runs; hybrid decoders are scaled in those of
            its layers that have attention.
        observer: Called by every attention layer before it computes.

    Raises:
        AttentionError: The architecture is not supported, another thread or an outer block has a scope open on
            this decoder, or a layer that was to be scaled never ran.
    """
    modules = attention_layers(decoder)
    if observer is not None and decoder.config._attn_implementation in FLASH:
        raise AttentionError("attention can be guided but not observed over flash attention: set mllm.attention: sdpa")
    refuse_unsupported(decoder, modules if scaling is None else scaling.layers)
    expected = () if scaling is None else tuple(layer for layer in scaling.layers if layer in modules)
    if scaling is not None and not expected:
        raise AttentionError(
            f"none of the layers {list(scaling.layers)} of {type(decoder).__name__} has attention; "
            f"those that have: {sorted(modules)}"
        )
    scope = ActiveScope({module: layer for layer, module in modules.items()}, scaling, observer)
    token = ACTIVE.set(scope)
    try:
        with standing_in(decoder):
            yield
    finally:
        ACTIVE.reset(token)
    silent = [layer for layer in expected if not scope.fired.get(layer)]
    if silent:
        raise AttentionError(
            f"CAAS was asked for in layers {list(expected)} but did not take effect in {silent}: run the model inside "
            "the scope, in the same thread, on an architecture that uses transformers' attention registry"
        )
