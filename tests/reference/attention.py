"""Explicit eager attention with scaled logits: the full (L, L) matrix, written down as Eq. 9 and Fig. 2 say.

Independent of ``eagle_core.attention``: it multiplies logits and weights, never keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask

NAME = "test_reference"


@dataclass
class Reference:
    """What the reference function does; ``factors`` is (B, prompt length)."""

    mode: str
    layers: tuple[int, ...]
    factors: torch.Tensor
    mask: torch.Tensor
    modules: frozenset[int]

    def __call__(self, module, query, key, value, attention_mask, scaling=None, **_):
        groups = query.shape[1] // key.shape[1]
        key, value = (t.repeat_interleave(groups, dim=1) for t in (key, value))
        logits = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
        factors = torch.ones(key.shape[0], key.shape[2])
        beams = key.shape[0] // self.factors.shape[0]
        length = self.factors.shape[1]
        factors[:, :length] = self.factors.repeat_interleave(beams, 0)[:, : factors.shape[1]]
        factors = factors[:, None, None, :]
        active = id(module) in self.modules and module.layer_idx in self.layers
        if active and self.mode == "logits":
            logits = logits * factors
        if active and self.mode == "centred":
            own = torch.zeros(key.shape[0], key.shape[2])
            own[:, :length] = self.mask.repeat_interleave(beams, 0).float()
            mean = (logits * own[:, None, None, :]).sum(-1, keepdim=True) / own.sum(-1)[:, None, None, None]
            logits = logits + (factors - 1) * (logits - mean)
        if attention_mask is not None:
            logits = logits + attention_mask[:, :, :, : logits.shape[-1]]
        weights = logits.softmax(dim=-1, dtype=torch.float32)
        if active and self.mode == "weights":
            weights = weights * factors
            weights = weights / weights.sum(dim=-1, keepdim=True)
        if active and self.mode == "values":
            weights = weights * factors
        return (weights @ value).transpose(1, 2).contiguous(), weights


@contextmanager
def reference_attention(decoder: PreTrainedModel, mode, layers, factors, mask) -> Iterator[None]:
    """Run ``decoder`` with explicitly scaled eager attention."""
    modules = frozenset(id(m) for m in decoder.modules() if hasattr(m, "layer_idx"))
    AttentionInterface.register(NAME, Reference(mode, tuple(layers), factors, mask.bool(), modules))
    AttentionMaskInterface.register(NAME, eager_mask)
    stock = decoder.config._attn_implementation
    decoder.set_attn_implementation(NAME)
    try:
        yield
    finally:
        decoder.set_attn_implementation(stock)
