"""How much attention the answer position really pays to the image, before and after guidance, per layer.

Scaling logits (the paper's form) need not raise visual attention: the sign follows E_v[z], the
softmax-weighted mean visual logit. These are the numbers to print beside alpha.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eagle_core.attention.registry import AttentionCall
from eagle_core.attention.rows import last_row_logits, last_row_weights


@dataclass(frozen=True, slots=True)
class VisualMass:
    """One layer, per prompt, averaged over heads; each ``(B,) float32``."""

    stock: Tensor
    """Softmax mass on visual tokens without guidance, given this layer's input."""
    guided: Tensor
    """The same with guidance. Mode ``values`` leaves the weights as they are, so it equals ``stock`` there."""
    mean_visual_logit: Tensor
    """E_v[z] = sum_v w_v z_v / sum_v w_v of the stock logits z and weights w."""


class VisualMassRecorder:
    """Observer for ``attention_scope``: ``VisualMass`` of each layer's first call (the prefill)."""

    def __init__(self, visual: Tensor) -> None:
        """``visual``: ``(B, L) bool``, the columns counted as visual."""
        self._visual = visual
        self.by_layer: dict[int, VisualMass] = {}

    def __call__(self, call: AttentionCall) -> None:
        """Measure ``call``."""
        if call.layer in self.by_layer:
            return
        logits = last_row_logits(call.stock, call.mask, call.softmax_scale)
        columns = torch.zeros(logits.shape[0], logits.shape[-1], dtype=torch.bool, device=logits.device)
        columns[:, : self._visual.shape[1]] = self._visual.to(logits.device)
        visual = columns[:, None, :]
        weights = logits.softmax(dim=-1) * visual
        mass = weights.sum(dim=-1)
        mean_logit = (weights * logits.masked_fill(~visual, 0.0)).sum(dim=-1) / mass.clamp_min(1e-30)
        guided = (last_row_weights(call.guided, call.mask, call.softmax_scale) * visual).sum(dim=-1)
        self.by_layer[call.layer] = VisualMass(mass.mean(dim=1), guided.mean(dim=1), mean_logit.mean(dim=1))
