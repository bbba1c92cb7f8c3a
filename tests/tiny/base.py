"""What the tiny models share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase, ProcessorMixin

DEPTH = 16
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "initializer_range": 0.15,
    "use_cache": True,
}
"""A large initializer range, so that attention is far from uniform and scaling it shows."""


@dataclass(frozen=True)
class Tiny:
    """A model with its processor."""

    model: PreTrainedModel
    processor: ProcessorMixin

    def save(self, folder: Path) -> Path:
        """Write both as a checkpoint folder."""
        self.model.save_pretrained(folder)
        self.processor.save_pretrained(folder)
        return folder


def seeded(build: Callable[[], PreTrainedModel]) -> PreTrainedModel:
    """The same random weights every time, without touching the global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build().eval()


def token_ids(tokenizer: PreTrainedTokenizerBase, **names: str) -> dict[str, int]:
    """Ids by the configuration's own names."""
    return {key: tokenizer.convert_tokens_to_ids(token) for key, token in names.items()}


def text_config(tokenizer: PreTrainedTokenizerBase, **extra: object) -> dict:
    """A decoder's configuration with every special token id explicit."""
    padding = tokenizer.pad_token_id
    first = padding if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    ids = {"bos_token_id": first, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": padding}
    return {**TEXT, **ids, "vocab_size": len(tokenizer), **extra}
