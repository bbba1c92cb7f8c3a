"""Several questions about the same images in one pass: what comes before the questions is computed once for all of them.

As ``eagle_core.mllm.shared_prefix`` does where answers are asked for; here gradients flow, and layers below the last are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import DynamicCache, FastVlmForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutputWithPooling


def hidden_states(
    model: FastVlmForConditionalGeneration, input_ids: torch.Tensor, visual: torch.Tensor, sharing: int, layers: Sequence[int]
) -> list[torch.Tensor]:
    """What ``layers`` of the decoder are given, ``(B, L, H)`` each, as if every row were read by itself; gradients flow.

    Args:
        model: Reads.
        input_ids: ``(B, L) int64``, padded on the right; all rows are the same up to behind their images.
        visual: ``(images, tokens, H)``: projected, of one row of each group.
        sharing: So many rows after each other show the same images: a group.
        layers: Indices; the number of layers stands for what comes out of the last one and its norm.
    """
    # One token must be left to be read after the shared ones.
    differs = (input_ids != input_ids[:1]).any(0)
    shared = int(torch.nonzero(differs)[0, 0]) if differs.any() else input_ids.shape[1] - 1
    cache = DynamicCache(config=model.model.language_model.config)
    before = model.model(
        input_ids=input_ids[::sharing, :shared],
        mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=visual)},
        past_key_values=cache,
        use_cache=True,
        output_hidden_states=True,
    )
    cache.batch_repeat_interleave(sharing)
    after = model.model.language_model(input_ids=input_ids[:, shared:], past_key_values=cache, use_cache=True, output_hidden_states=True)
    return [
        torch.cat([before.hidden_states[layer].repeat_interleave(sharing, 0), after.hidden_states[layer]], 1).float() for layer in layers
    ]
