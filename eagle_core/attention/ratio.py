"""Attention of the answer position per layer, and the attention ratio AR(l) (paper: section 4.4, Fig. 8)."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from eagle_core.attention.registry import AttentionCall
from eagle_core.attention.rows import last_row_weights
from eagle_core.errors import AttentionError

ROUNDING = 1e-6
"""In pixels: an edge this near a pixel's border lies on it."""


class AnswerAttention:
    """Observer for ``attention_scope``: keeps each layer's attention weights of the prompt's last position.

    Only the first call of a layer is kept (the prefill), so it may also observe a generation. Memory: one
    ``(B, L) float32`` per layer.
    """

    def __init__(self) -> None:
        self.by_layer: dict[int, Tensor] = {}
        """0-based layer to weights averaged over heads, ``(B, L) float32``."""

    def __call__(self, call: AttentionCall) -> None:
        """Keep the guided weights of ``call``."""
        if call.layer not in self.by_layer:
            self.by_layer[call.layer] = last_row_weights(call.guided, call.mask, call.softmax_scale).mean(dim=1)


def attention_ratio(weights: Tensor, visual: Tensor, region: Tensor) -> Tensor:
    """AR(l): share of the attention on image tokens that falls on the region's tokens.

    Paper: section 4.4 leaves open whether heads are averaged before or after the ratio (the two differ by up to
    0.41). Ours: weights are averaged over heads, then divided.

    Args:
        weights: ``(..., N) float32``, averaged over heads.
        visual: ``(..., N) bool``, the set I: all image tokens.
        region: ``(..., N) bool``, the set G: image tokens of the ground-truth defect.

    Returns:
        ``(...) float32``.

    Raises:
        AttentionError: A region token is no image token, or a row has no attention on image tokens.
    """
    if bool((region & ~visual).any()):
        raise AttentionError("the region holds tokens that are not image tokens")
    total = (weights * visual).sum(dim=-1)
    if bool((total <= 0).any()):
        raise AttentionError("a row has no attention on image tokens, so its attention ratio is undefined")
    return (weights * region).sum(dim=-1) / total


def region_tokens(mask: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Which tokens touch the region, ``(N,) bool``.

    The paper does not say when a token belongs to the region; ours: when any pixel of its rectangle does, so that a
    defect smaller than a rectangle still has a token. An edge that falls inside a pixel counts that pixel for both.

    Args:
        mask: ``(H, W) bool``, the region in the image's pixels.
        places: ``(N, 4)``: x0, y0, x1, y1 of each token in pixels of the image; NaN: the token has no place.
    """
    touched = np.zeros(len(places), dtype=bool)
    for index in np.flatnonzero(~np.isnan(places).any(axis=1)):
        x0, y0 = np.floor(places[index, :2] + ROUNDING).astype(int)
        x1, y1 = np.ceil(places[index, 2:] - ROUNDING).astype(int)
        touched[index] = mask[y0:y1, x0:x1].any()
    return touched
