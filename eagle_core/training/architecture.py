"""The decoder that learns to read: Qwen2's class with a small configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM


@dataclass(frozen=True, slots=True)
class Decoder:
    """The language model's shape."""

    hidden: int
    layers: int
    inner: int
    """Width of a layer's MLP."""


READER = Decoder(160, 8, 400)
"""Wide and shallow, which learns to bind letters in few steps."""
NORM_EPSILON = 1e-5


def build_reader(tokenizer: PreTrainedTokenizerFast, seed: int, decoder: Decoder = READER) -> Qwen2ForCausalLM:
    """Random weights by ``seed``; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Qwen2ForCausalLM(Qwen2Config(**decoder_settings(tokenizer, decoder)))


def decoder_settings(tokenizer: PreTrainedTokenizerFast, decoder: Decoder) -> dict[str, Any]:
    """Qwen2's configuration of ``decoder`` with the words of ``tokenizer``."""
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": decoder.hidden,
        "num_hidden_layers": decoder.layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": decoder.inner,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "rms_norm_eps": NORM_EPSILON,
        "bos_token_id": pad,
        "eos_token_id": end,
        "pad_token_id": pad,
        "tie_word_embeddings": True,
    }
