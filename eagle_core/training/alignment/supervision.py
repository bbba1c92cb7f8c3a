"""What is taught in the middle of the decoder, so that a caption's words are bound to what is seen; thrown away afterwards.

The caption's loss alone must find at once what a defect looks like, where to look for one, and the words for it. As in the
language stage the parts have losses of their own: under which visual tokens of the query a defect lies, of which kind and how
severe, where in the image each token is (by its ninth, and as a position: a look at several of them brings back the mean,
which is nearer to the defect's middle than any of them; tokens on a defect count as much as all together, for they are what is
looked at), what the whole image shows in which colour (from the last row of its tokens, which have seen all of it), that the next layer's first head looks at the defect from the words about it, and that after this look kind,
severity, place and position are known there. Far below, a head is taught to look from each token of the query at the template's token of
the same place: what differs can then be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from eagle_core.data.scene import PLACES, SEVERITIES, DefectRecord, SceneRecord, place_of
from eagle_core.training.looking import MASKED, looks_of
from eagle_core.training.scenes.canvas import COLOR_WORDS, SIDE
from eagle_core.training.scenes.categories import PRODUCT_NAMES
from eagle_core.training.scenes.defects import TRAINING_KINDS

DEFECTIVE_WEIGHT = 3.0
KIND_WEIGHT = 0.3
LOOK_WEIGHT = 0.3
PLACE_WEIGHT = 0.3
SEVERITY_WEIGHT = 0.2
WHOLE_WEIGHT = 0.3
"""Of object and colour each."""
COMPARE_WEIGHT = 0.3
POSITION_WEIGHT = 0.5
TAKEN_POSITION_WEIGHT = 3.0
TAKEN_WEIGHT = 0.4
"""Of kind, severity and place each, as a look at the defect has taken them."""
THIRDS = 3
"""Along each axis: PLACES are the ninths of an image."""


@dataclass(frozen=True, slots=True)
class ToldScenes:
    """What the middle must know of a batch's queries, as indices; each ``(B,) int64``."""

    kind: torch.Tensor
    """In TRAINING_KINDS; 0 without a defect, as ``severity``."""
    severity: torch.Tensor
    place: torch.Tensor
    """In PLACES; 0 without a defect."""
    position: torch.Tensor
    """``(B, 2) float32``: the middle of the defect across and down, in thirds of the image, as PLACES are; 0 without a defect."""
    product: torch.Tensor
    """In PRODUCT_NAMES."""
    color: torch.Tensor
    """In COLOR_WORDS."""

    @classmethod
    def of(cls, scenes: Sequence[SceneRecord]) -> ToldScenes:
        """The queries' scenes."""
        colors = list(COLOR_WORDS)
        return cls(
            torch.tensor([TRAINING_KINDS.index(s.defect.kind) if s.defect else 0 for s in scenes]),
            torch.tensor([SEVERITIES.index(s.defect.severity) if s.defect else 0 for s in scenes]),
            torch.tensor([PLACES.index(s.defect.place) if s.defect else 0 for s in scenes]),
            torch.tensor([_middle(s.defect) if s.defect else (0.0, 0.0) for s in scenes]),
            torch.tensor([PRODUCT_NAMES.index(s.object_name) for s in scenes]),
            torch.tensor([colors.index(s.color) for s in scenes]),
        )


def _middle(defect: DefectRecord) -> tuple[float, float]:
    left, top, right, bottom = defect.box
    return THIRDS * (left + right) / 2 / SIDE, THIRDS * (top + bottom) / 2 / SIDE


class SeenDefects(nn.Module):
    """The losses in the middle, with what they need besides the decoder."""

    def __init__(self, hidden: int, grid: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.defect = nn.Linear(hidden, 1)
            self.kind = nn.Linear(hidden, len(TRAINING_KINDS))
            self.severity = nn.Linear(hidden, len(SEVERITIES))
            self.place = nn.Linear(hidden, len(PLACES))
            self.product = nn.Linear(hidden, len(PRODUCT_NAMES))
            self.color = nn.Linear(hidden, len(COLOR_WORDS))
            words = {"kind": len(TRAINING_KINDS), "severity": len(SEVERITIES), "place": len(PLACES)}
            self.taken = nn.ModuleDict({name: nn.Linear(hidden, count) for name, count in words.items()})
            self.position, self.taken_position = nn.Linear(hidden, 2), nn.Linear(hidden, 2)
        self.grid = grid
        middles = (torch.arange(grid) + 0.5).tolist()
        self.ninths = torch.tensor([PLACES.index(place_of(x, y, grid, grid)) for y in middles for x in middles])
        self.positions = torch.tensor([[x, y] for y in middles for x in middles]) * THIRDS / grid

    def loss(
        self, decoder: Any, hidden: torch.Tensor, after: torch.Tensor, layer: int, query_at: int, defective: torch.Tensor,
        counted: torch.Tensor, told: ToldScenes, claims: torch.Tensor,
    ) -> torch.Tensor:  # fmt: skip
        """Scalar.

        Args:
            decoder: ``Qwen2Model``.
            hidden: ``(B, L, H)``: what ``decoder.layers[layer]`` is given.
            after: ``(B, L, H)``: what the layer above it is given.
            layer: Index of the layer whose first head is taught where to look.
            query_at: First visual token of the query.
            defective: ``(B, tokens) bool``: under which visual tokens of the query the defect lies.
            counted: ``(B, tokens) bool``: which of them are clearly one or the other.
            told: What the queries show.
            claims: ``(B, L) bool``: tokens that predict what is said about the defect.
        """
        tokens = slice(query_at, query_at + defective.shape[1])
        seen = hidden[:, tokens]
        there = defective.float()
        weight = counted * (1 + (DEFECTIVE_WEIGHT - 1) * there)
        found = self.defect(seen)[..., 0]
        where = functional.binary_cross_entropy_with_logits(found, there, weight, reduction="sum") / counted.sum()
        places = functional.cross_entropy(self.place(seen).transpose(1, 2), self.ninths.expand(len(seen), -1), reduction="none")
        positions = (self.position(seen) - self.positions).square().mean(-1)
        at = seen[defective]

        def everywhere(each: torch.Tensor) -> torch.Tensor:
            return each.mean() + (each * there).sum() / there.sum().clamp(min=1)

        def named(head: nn.Linear, right: torch.Tensor) -> torch.Tensor:
            each = right[:, None].expand(defective.shape)[defective]
            # A batch may have no defect.
            return functional.cross_entropy(head(at), each, reduction="sum") / defective.sum().clamp(min=1)

        def shown(head: nn.Linear, right: torch.Tensor) -> torch.Tensor:
            last = head(seen[:, -self.grid :])
            return functional.cross_entropy(last.flatten(0, 1), right.repeat_interleave(self.grid))

        rows = torch.nonzero(defective.any(1))[:, 0]
        looks = looks_of(decoder, hidden[rows], layer)[:, :, tokens]
        inside = looks.masked_fill(~defective[rows, None], MASKED).logsumexp(-1)
        claimed = claims[rows]
        each = claimed.sum(1)

        def taken(name: str) -> torch.Tensor:
            right = getattr(told, name)[rows].repeat_interleave(each)
            return functional.cross_entropy(self.taken[name](after[rows][claimed]), right, reduction="sum")

        wrong_by = (self.taken_position(after[rows][claimed]) - told.position[rows].repeat_interleave(each, 0)).square().mean(-1)
        return (
            where
            + KIND_WEIGHT * named(self.kind, told.kind)
            + SEVERITY_WEIGHT * named(self.severity, told.severity)
            + PLACE_WEIGHT * everywhere(places)
            + POSITION_WEIGHT * everywhere(positions)
            + WHOLE_WEIGHT * (shown(self.product, told.product) + shown(self.color, told.color))
            + (TAKEN_WEIGHT * sum(map(taken, self.taken)) + TAKEN_POSITION_WEIGHT * wrong_by.sum() - LOOK_WEIGHT * inside[claimed].sum())
            / each.sum().clamp(min=1)
        )


def comparing_loss(decoder: Any, hidden: torch.Tensor, layer: int, template_at: int, query_at: int, tokens: int) -> torch.Tensor:
    """How little the layer's first head looks from each token of the query at the template's token of the same place; scalar.

    Args:
        decoder: ``Qwen2Model``.
        hidden: ``(B, L, H)``: what ``decoder.layers[layer]`` is given.
        layer: Index of the layer.
        template_at: First visual token of the template.
        query_at: First visual token of the query.
        tokens: Visual tokens of an image.
    """
    looks = looks_of(decoder, hidden[:, : query_at + tokens], layer)
    return -COMPARE_WEIGHT * looks[:, query_at:, template_at : template_at + tokens].diagonal(dim1=1, dim2=2).mean()
