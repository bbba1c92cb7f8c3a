"""The language stage: the decoder alone learns to read a scene in words and to answer by letter, in words, in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast, Qwen2ForCausalLM, Qwen2Model

from eagle_core.training.loop import Schedule, train
from eagle_core.training.precision import fast_products
from eagle_core.training.reading.encoding import IGNORED, EncodedLines, line_encoder
from eagle_core.training.reading.lines import draw_lines
from eagle_core.training.reading.supervision import LOOKS_BELOW, Binding

TOKENS = 2048
"""In a batch, about: many short lines or few long ones."""
READ_WEIGHT, READ_SHARE = 0.2, 0.3
"""Every token is predicted from those before it; of those that are no answer, so many count."""


def train_reading(
    model: Qwen2ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    progress: Callable[[int, int, float], None] | None = None,
) -> None:
    """Train ``model`` in place on text alone."""
    decoder = model.model
    binding = Binding(decoder.config.hidden_size, seed)
    encode = line_encoder(tokenizer)
    middle = decoder.config.num_hidden_layers // 2

    def loss(rng: np.random.Generator, done: float) -> torch.Tensor:
        return reading_loss(decoder, model.lm_head, binding, encode(draw_lines(rng, done, TOKENS)), middle, rng)

    train(nn.ModuleDict({"decoder": decoder, "binding": binding}), loss, schedule, seed=seed, checkpoint=checkpoint, progress=progress)


def reading_loss(
    decoder: Qwen2Model, lm_head: nn.Module, binding: Binding, lines: EncodedLines, middle: int, rng: np.random.Generator
) -> torch.Tensor:
    """Of answers, of some of the words before them, and of what is taught in the middle; scalar.

    Args:
        decoder: Reads.
        lm_head: Hidden state -> logits.
        binding: What is taught in the middle.
        lines: What is read.
        middle: The layer before which an answer must be known in words.
        rng: Draws which words are to be foreseen.
    """
    with fast_products():
        output = decoder(input_ids=lines.input_ids, use_cache=False, output_hidden_states=True)
    states = output.last_hidden_state.float()
    between = [output.hidden_states[layer].float() for layer in range(middle - LOOKS_BELOW, middle + 1)]
    following, is_answer = lines.input_ids[:, 1:], lines.labels[:, 1:] != IGNORED
    read = lines.is_text[:, 1:] & ~is_answer & torch.from_numpy(rng.random(following.shape) < READ_SHARE)
    answered, told = (functional.cross_entropy(lm_head(states[:, :-1][at]), following[at]) for at in (is_answer, read))
    return answered + READ_WEIGHT * told + binding.loss(decoder, lm_head, between, middle, lines)
