"""What is taught in the middle of the decoder, so that a caption's words are bound to what is seen; thrown away afterwards.

The caption's loss alone must find at once what a defect looks like, where to look for one, and the words for it. As in the
language stage the parts have losses of their own: under which visual tokens of the query a defect lies and of which kind, where
in the image each of them is, and that the next layer's first head looks at the defect from the words about it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from eagle_core.data.scene import PLACES, place_of
from eagle_core.training.looking import first_head
from eagle_core.training.scenes.defects import TRAINING_KINDS

DEFECTIVE_WEIGHT = 3.0
KIND_WEIGHT = 0.3
LOOK_WEIGHT = 0.3
PLACE_WEIGHT = 0.3
MASKED = -1e4


class SeenDefects(nn.Module):
    """The losses in the middle, with what they need besides the decoder."""

    def __init__(self, hidden: int, grid: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = nn.Linear(hidden, 1 + len(TRAINING_KINDS))
            self.place = nn.Linear(hidden, len(PLACES))
        middles = (torch.arange(grid) + 0.5).tolist()
        self.ninths = torch.tensor([PLACES.index(place_of(x, y, grid, grid)) for y in middles for x in middles])

    def loss(
        self, decoder: Any, hidden: torch.Tensor, layer: int, query_at: int, defective: torch.Tensor, counted: torch.Tensor,
        kind: torch.Tensor, claims: torch.Tensor,
    ) -> torch.Tensor:  # fmt: skip
        """Scalar.

        Args:
            decoder: ``Qwen2Model``.
            hidden: ``(B, L, H)``: what ``decoder.layers[layer]`` is given.
            layer: Index of the layer whose first head is taught where to look.
            query_at: First visual token of the query.
            defective: ``(B, tokens) bool``: under which visual tokens of the query the defect lies.
            counted: ``(B, tokens) bool``: which of them are clearly one or the other.
            kind: ``(B,) int64``: the defect's kind, where there is one.
            claims: ``(B, L) bool``: tokens that predict what is said about the defect.
        """
        tokens = slice(query_at, query_at + defective.shape[1])
        found = self.head(hidden[:, tokens])
        there = defective.float()
        weight = counted * (1 + (DEFECTIVE_WEIGHT - 1) * there)
        where = functional.binary_cross_entropy_with_logits(found[..., 0], there, weight, reduction="sum") / counted.sum()
        said = functional.cross_entropy(found[..., 1:][defective], kind[:, None].expand(defective.shape)[defective], reduction="sum")
        names = said / defective.sum().clamp(min=1)  # a batch may have no defect
        places = functional.cross_entropy(self.place(hidden[:, tokens]).flatten(0, 1), self.ninths.repeat(len(hidden)))
        rows = torch.nonzero(defective.any(1))[:, 0]
        looks = looks_of(decoder, hidden[rows], layer)[:, :, tokens]
        inside = looks.masked_fill(~defective[rows, None], MASKED).logsumexp(-1)
        looked = inside[claims[rows]].sum() / claims[rows].sum().clamp(min=1)
        return where + KIND_WEIGHT * names + PLACE_WEIGHT * places - LOOK_WEIGHT * looked


def looks_of(decoder: Any, hidden: torch.Tensor, layer: int) -> torch.Tensor:
    """``(B, L, L)`` log attention of the layer's first head, as the layer computes it from ``hidden`` ``(B, L, H)``."""
    length = hidden.shape[1]
    query, key = first_head(decoder, hidden, layer, torch.arange(length)[None])
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    logits = query @ key.transpose(1, 2) * decoder.layers[layer].self_attn.scaling
    return torch.as_tensor(logits.masked_fill(later, MASKED).log_softmax(-1))
