"""Which decoders attention can be guided in, and where their attention modules are. Refuses the rest, clearly."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn
from transformers import PreTrainedModel

from eagle_core.attention.registry import FLASH, NAME
from eagle_core.errors import AttentionError

LOCAL_LAYERS = frozenset({"sliding_attention", "chunked_attention"})


def attention_layers(decoder: PreTrainedModel) -> dict[int, nn.Module]:
    """The self-attention module of each layer that has one, by 0-based layer.

    Hybrid decoders have attention in some layers only; the others are absent here.

    Raises:
        AttentionError: The decoder has no list of layers, or none with attention.
    """
    layers = getattr(decoder, "layers", None)
    if not isinstance(layers, nn.ModuleList):
        raise AttentionError(f"CAAS not available for {type(decoder).__name__}: it has no list of decoder layers")
    found = {}
    for index, layer in enumerate(layers):
        for module in layer.modules():
            if getattr(module, "layer_idx", None) == index and hasattr(module, "is_causal"):
                found[index] = module
    if not found:
        raise AttentionError(
            f"CAAS not available for {type(decoder).__name__}: its attention does not use transformers' registry"
        )
    return found


def refuse_unsupported(decoder: PreTrainedModel, layers: Collection[int]) -> None:
    """Refuse what the registered function cannot do exactly.

    Raises:
        AttentionError: Names the architecture and why.
    """
    name, config = type(decoder).__name__, decoder.config
    if not decoder._can_set_attn_implementation():
        raise AttentionError(f"CAAS not available for {name}: its attention does not use transformers' registry")
    if getattr(config, "cross_attention_layers", None):
        raise AttentionError(f"CAAS not available for {name}: visual tokens enter through cross-attention")
    if getattr(config, "num_kv_shared_layers", 0):
        raise AttentionError(f"CAAS not available for {name}: layers share keys and values")
    if getattr(config, "attn_logit_softcapping", None):
        raise AttentionError(f"CAAS not available for {name}: its attention logits are soft-capped")
    types = getattr(config, "layer_types", None) or ()
    local = [layer for layer in layers if layer < len(types) and types[layer] in LOCAL_LAYERS]
    if local:
        raise AttentionError(
            f"CAAS not available for layers {local} of {name}: {types[local[0]]} keeps only part of the prompt; "
            "choose other layers"
        )
    if config._attn_implementation == NAME:
        raise AttentionError("attention of this decoder is already being guided: scopes do not nest, nor cross threads")
    if config._attn_implementation not in ("sdpa", *FLASH):
        raise AttentionError(
            f"CAAS works on attention implementations sdpa and {', '.join(FLASH)}; {name} was loaded with "
            f"{config._attn_implementation}: load it with attn_implementation='sdpa'"
        )
