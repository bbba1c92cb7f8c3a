"""What differs between families whose code comes with their checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from eagle_core.mllm.remote.reading import Reading
from eagle_core.records import Prompt


class RemoteFamily(Protocol):
    """A loaded model of one family: how it reads a prompt, and what it gives its text decoder for it."""

    @property
    def name(self) -> str:
        """The family's own name."""
        ...

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Of the decoder."""
        ...

    @property
    def language_model(self) -> PreTrainedModel:
        """The text decoder with its head: a causal language model that takes ``inputs_embeds``."""
        ...

    @property
    def stops(self) -> list[int]:
        """Ids of the tokens that end an answer."""
        ...

    def read(self, prompt: Prompt) -> Reading:
        """The prompt's tokens and pixels.

        Raises:
            ModelError: The prompt holds what stands for an image, or the checkpoint's processor is not as published.
        """
        ...

    def embed(self, reading: Reading) -> Tensor:
        """``(L, D)``: what the decoder gets, visual features in place of the tokens that stand for them."""
        ...


Build = Callable[[PreTrainedModel, Path], RemoteFamily]
"""The loaded model and its folder, for the processor or tokenizer, to the family."""


def moved(value: Any, model: PreTrainedModel) -> Any:
    """Tensors in nested lists, on the model's device; other values as they are."""
    if isinstance(value, Tensor):
        return value.to(model.device)
    return [moved(inner, model) for inner in value] if isinstance(value, list) else value
