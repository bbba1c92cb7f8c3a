"""Where the first head of a decoder's layer looks, and with what, so that a stage of the training can teach it where to look."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from transformers.models.qwen2.modeling_qwen2 import apply_rotary_pos_emb

MASKED = -1e4


def looks_of(decoder: Any, hidden: torch.Tensor, layer: int) -> torch.Tensor:
    """``(B, L, L)`` log attention of the layer's first head, as the layer computes it from ``hidden`` ``(B, L, H)``."""
    length = hidden.shape[1]
    query, key = first_head(decoder, hidden, layer)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    logits = query @ key.transpose(1, 2) * decoder.layers[layer].self_attn.scaling
    return torch.as_tensor(logits.masked_fill(later, MASKED).log_softmax(-1))


def looks_from(decoder: Any, hidden: torch.Tensor, layer: int, rows: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """``(R, L)`` log attention of the layer's first head from token ``at`` of each of ``rows``, as the layer computes it."""
    query, key = first_head(decoder, hidden, layer)
    logits = torch.einsum("rd,rld->rl", query[rows, at], key[rows]) * decoder.layers[layer].self_attn.scaling
    later = torch.arange(hidden.shape[1]) > at[:, None]
    return logits.masked_fill(later, MASKED).log_softmax(-1)


def first_head(decoder: Any, hidden: torch.Tensor, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotated queries and keys, ``(B, L, width)`` each, as the layer computes them, not scaled.

    Args:
        decoder: ``Qwen2Model``.
        hidden: ``(B, L, H)``: what ``decoder.layers[layer]`` is given.
        layer: Index of the layer.
    """
    attention = decoder.layers[layer].self_attn
    normed = decoder.layers[layer].input_layernorm(hidden)
    width = attention.head_dim
    query, key = (functional.linear(normed, of.weight[:width], of.bias[:width])[:, None] for of in (attention.q_proj, attention.k_proj))
    positions = torch.arange(hidden.shape[1])[None]
    query, key = apply_rotary_pos_emb(query, key, *decoder.rotary_emb(normed, positions))
    return query[:, 0], key[:, 0]
