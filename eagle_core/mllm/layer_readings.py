"""What each layer would answer: option log-probabilities layer by layer (paper: Fig. 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from eagle_core.attention.lens import LayerStates, option_log_probabilities
from eagle_core.attention.settings import AttentionSettings
from eagle_core.errors import ModelError
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.letters import letter_tokens
from eagle_core.records import AttentionGuidance, Prompt


@dataclass(frozen=True, slots=True)
class LayerReading:
    """The answer position read after each layer through the final norm and head (paper: Fig. 7)."""

    options: dict[str, tuple[float, ...]]
    """Option letter to its natural-log probability over the whole vocabulary, by layer."""
    control: tuple[float, ...]
    """The same of the letter after the last option: early layers are not yet in the head's space, so that levels mean
    little; differences to this do."""


def layer_readings(
    model: TransformersChatModel,
    prompts: Sequence[Prompt],
    guidance: Sequence[AttentionGuidance] | None = None,
    settings: AttentionSettings | None = None,
) -> list[LayerReading]:
    """Layer-wise log-probabilities of each prompt's option letters, from one prefill of all prompts as one batch.

    Raises:
        ModelError: The decoder has no final norm, or a letter is not one token.
        AttentionError: The decoder has no list of layers.
    """
    norm = getattr(model.decoder, "norm", None)
    if norm is None:
        raise ModelError(f"layer-wise reading is not available for {model.adapter.family}: its decoder has no final norm")
    batch, states = model.encode(prompts), LayerStates()
    with torch.inference_mode(), states.record(model.decoder), model.guided(batch, guidance, settings):
        model.model(**batch.inputs, use_cache=False)
    readings = []
    for row, prompt in enumerate(prompts):
        letters = [letter for letter, _ in prompt.question.options]
        control = chr(ord(max(letters)) + 1)
        tokens = letter_tokens(model.processor.tokenizer, batch.rendered[row], [*letters, control])
        read = option_log_probabilities(states, norm, model.model.get_output_embeddings(), list(tokens.values()))
        columns = [tuple(read[:, row, i].tolist()) for i in range(len(tokens))]
        readings.append(LayerReading(dict(zip(letters, columns[:-1], strict=True)), columns[-1]))
    return readings
