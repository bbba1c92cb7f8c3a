"""Attention weights of the last query row only: what the answer position looks at, without an (L, L) matrix."""

from __future__ import annotations

import torch
from torch import Tensor

from eagle_core.attention.scaling import Heads


def last_row_logits(heads: Heads, mask: Tensor | None, softmax_scale: float) -> Tensor:
    """Scaled logits of the last query row, ``(B, query heads, Lk) float32``; -inf where attention is not allowed.

    Equals the last row of eager attention before softmax. With grouped-query attention the keys of a group are
    shared, not copied.
    """
    query, key, _ = heads
    batch, query_heads, queries, size = query.shape
    grouped = query[:, :, -1].float().reshape(batch, key.shape[1], -1, size)
    logits = torch.einsum("bkgd,bkld->bkgl", grouped, key.float()).reshape(batch, query_heads, -1) * softmax_scale
    if mask is not None:
        row = mask[:, :, -1, : logits.shape[-1]]
        return logits.masked_fill(~row, -torch.inf) if row.dtype == torch.bool else logits + row.float()
    if 1 < queries < logits.shape[-1]:
        logits[..., queries:] = -torch.inf
    return logits


def last_row_weights(heads: Heads, mask: Tensor | None, softmax_scale: float) -> Tensor:
    """Softmax of ``last_row_logits``, ``(B, query heads, Lk) float32``."""
    return last_row_logits(heads, mask, softmax_scale).softmax(dim=-1)
