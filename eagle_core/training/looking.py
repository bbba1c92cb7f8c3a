"""What the first head of a decoder's layer looks with, so that a stage of the training can teach it where to look."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from transformers.models.qwen2.modeling_qwen2 import apply_rotary_pos_emb


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
