"""Eq. 9 in four exact forms, as a change of query, key and value before stock attention.

Each token column j of the prompt has a factor f_j: 1 + alpha on visual tokens, 1 + beta on the prior
sentence, 1 elsewhere. With z_ij the scaled logits and w_ij = softmax_j(z_ij):

- ``logits``:  K_j <- f_j K_j, so z_ij <- f_j z_ij (paper: Fig. 2 and the authors' code). Adding a constant to
  all logits of a row changes the result, although softmax does not see it: not offset-free.
- ``centred``: K_j <- K_j + (f_j - 1)(K_j - mean K), the mean over the sample's prompt: offset-free.
- ``weights``: w_ij <- f_j w_ij / sum_k f_k w_ik (paper: Eq. 9 as printed, renormalised): offset-free; f > 1
  always raises the share of its columns. As log f_j added to z_ij by one more query/key dimension, so that no
  (L, L) mask is needed.
- ``values``:  V_j <- f_j V_j: Eq. 9 as printed, weights not renormalised.

A factor of 1 leaves a row as it is, bit for bit. Knows tensors after rotary embedding; no model, no tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from eagle_core.attention.settings import Mode
from eagle_core.errors import AttentionError

EXTRA_DIMENSIONS = 8
"""One carries log f; fused kernels want head sizes in multiples of eight."""


class Heads(NamedTuple):
    """Query, key and value as an attention function gets them: ``(B, heads, length, head_dim)``."""

    query: Tensor
    key: Tensor
    value: Tensor


@dataclass(frozen=True, slots=True)
class ColumnScaling:
    """Factors of the prompt's token columns.

    Raises:
        AttentionError: Shapes differ, a factor is not finite and positive, or a padded column has a factor.
    """

    mode: Mode
    layers: tuple[int, ...]
    """Decoder layers that are scaled, 0-based."""
    factors: Tensor
    """``(B, L) float32``, in the padded coordinates of the batch."""
    mask: Tensor
    """``(B, L) bool``: True on the sample's own tokens, False on padding."""
    every_row_guided: bool = field(init=False)
    """No row has only factors of 1. Known on the host once, so that layers need not wait for the device."""

    def __post_init__(self) -> None:
        if self.factors.ndim != 2 or self.factors.shape != self.mask.shape:
            shapes = f"{tuple(self.factors.shape)} and {tuple(self.mask.shape)}"
            raise AttentionError(f"factors and mask must both have shape (batch, prompt length), got {shapes}")
        if not bool((torch.isfinite(self.factors) & (self.factors > 0)).all()):
            raise AttentionError("attention factors must be finite and positive: alpha and beta must exceed -1")
        if bool((self.factors[~self.mask.bool()] != 1).any()):
            raise AttentionError("padding columns must have factor 1")
        object.__setattr__(self, "every_row_guided", bool((self.factors != 1).any(dim=1).all()))

    def columns(self, rows: int, length: int, like: Tensor) -> Tensor:
        """Factors of the first ``length`` key columns for ``rows`` rows (beams repeat), ``(rows, 1, length, 1)``.

        Columns after the prompt were generated and have factor 1.
        """
        return _fit(self.factors, rows, length, fill=1.0).to(like)[:, None, :, None]

    def guided_rows(self, rows: int, device: torch.device) -> Tensor:
        """``(rows,) bool``: rows that have any factor other than 1."""
        guided = (self.factors != 1).any(dim=1)
        return guided.repeat_interleave(rows // guided.shape[0]).to(device)


def _fit(columns: Tensor, rows: int, length: int, fill: float) -> Tensor:
    batch, prompt = columns.shape
    if rows % batch:
        raise AttentionError(f"attention sees {rows} rows, the guidance is for {batch}: pass one factor row per prompt")
    columns = columns.repeat_interleave(rows // batch, dim=0)[:, :length]
    return pad(columns, (0, max(length - prompt, 0)), value=fill)


def scale(heads: Heads, scaling: ColumnScaling, softmax_scale: float) -> Heads:
    """The guided query, key and value; attention over them with ``softmax_scale`` is guided attention.

    ``weights`` appends ``EXTRA_DIMENSIONS`` to all three: cut the output back to the value's head size.

    Raises:
        AttentionError: ``centred`` during chunked prefill, where the prompt's mean key is not known yet.
    """
    query, key, value = heads
    factors = scaling.columns(key.shape[0], key.shape[2], key)
    match scaling.mode:
        case "logits":
            return Heads(query, key * factors, value)
        case "centred":
            return Heads(query, key + (factors - 1) * (key - _mean_key(key, scaling)), value)
        case "values":
            return Heads(query, key, value * factors)
        case "weights":
            # softmax_scale * (1 / softmax_scale) * log f: the logit of column j gains log f_j.
            ones = query.new_full((*query.shape[:3], 1), 1 / softmax_scale)
            bias = factors.float().log().to(key).expand(*key.shape[:3], 1)
            zeros = (0, EXTRA_DIMENSIONS - 1)
            return Heads(
                torch.cat([query, pad(ones, zeros)], dim=-1),
                torch.cat([key, pad(bias, zeros)], dim=-1),
                pad(value, (0, EXTRA_DIMENSIONS)),
            )


def _mean_key(key: Tensor, scaling: ColumnScaling) -> Tensor:
    """Mean over the sample's prompt columns per row and head, ``(rows, heads, 1, head_dim)``."""
    if key.shape[2] < scaling.mask.shape[1]:
        raise AttentionError(
            f"caas.mode: centred needs the whole prompt ({scaling.mask.shape[1]} columns) at once, got {key.shape[2]}; "
            "turn chunked prefill off or choose mode logits, weights or values"
        )
    precise = key.to(torch.promote_types(key.dtype, torch.float32))
    mask = _fit(scaling.mask.to(precise), key.shape[0], key.shape[2], fill=0.0)[:, None, :, None]
    return ((precise * mask).sum(dim=2, keepdim=True) / mask.sum(dim=2, keepdim=True)).to(key)
