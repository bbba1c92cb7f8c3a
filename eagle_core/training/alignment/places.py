"""Where a visual token is, passed on beside what it shows.

The tower says a token's place beside what it sees, and the projector mixes both. Of tokens on a defect, which show what few tokens do,
the place could not be told afterwards: a look at them brought back what they show and not where.
"""

from __future__ import annotations

import torch
from transformers import FastVlmForConditionalGeneration

from eagle_core.mllm.backbone_tokens import PLACES

STRAIGHT = 4.0
"""So far above zero the projector's activation changes nothing: waves are in [-1, 1]."""
LOUDNESS = 6.0
"""Of a wave, in the units of a visual token, whose length is about 25."""


def pass_on_places(model: FastVlmForConditionalGeneration) -> None:
    """Let the two units of ``model``'s projector that do least pass on the longest wave down and across, each in one of the
    directions that the other units use least, instead of what they did. In place.
    """
    first, second = model.model.multi_modal_projector.linear_1, model.model.multi_modal_projector.linear_2
    waves = first.in_features - 2 * PLACES, first.in_features - PLACES
    with torch.no_grad():
        least = (first.weight.norm(dim=1) * second.weight.norm(dim=0)).argsort()[: len(waves)].tolist()
        unused = torch.linalg.svd(second.weight).U[:, -len(waves) :]
        for unit, wave, direction in zip(least, waves, unused.T, strict=True):
            first.weight[unit] = 0.0
            first.weight[unit, wave] = 1.0
            first.bias[unit] = STRAIGHT
            second.weight[:, unit] = LOUDNESS * direction
            second.bias -= STRAIGHT * LOUDNESS * direction
