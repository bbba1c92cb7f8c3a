"""One prompt as a remote family reads it, and where the expert's verdict stands in it.

Tokens are counted, not mapped by character offsets: some of the published tokenizers cannot give offsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from eagle_core.errors import ModelError
from eagle_core.mllm.inputs import prior_span
from eagle_core.records import Prompt

SEAM = 2
"""Tokens at the end of a text that may be cut differently when the text goes on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One prompt, not padded; L tokens."""

    rendered: str
    """The chat text before image placeholders were expanded."""
    expanded: str
    """The chat text that was tokenized."""
    ids: Tensor
    """``(L,) int64``."""
    image: Tensor
    """``(L,) int64``: index of the image among its prompt's images, -1 where the token is not visual."""
    pixels: dict[str, Any]
    """What the family's model takes besides ``ids``."""


def around_images(rendered: str, placeholder: str, images: int) -> list[str]:
    """The pieces of the chat text before, between and after its images' placeholders.

    Raises:
        ModelError: The text does not hold one placeholder per image.
    """
    pieces = rendered.split(placeholder)
    if len(pieces) != images + 1:
        raise ModelError(
            f"the chat text holds {placeholder!r} {len(pieces) - 1} times for {images} images; a question must not "
            "contain it"
        )
    return pieces


def expand(pieces: list[str], expansions: list[str]) -> str:
    """The chat text with what stands for each image between the pieces."""
    return pieces[0] + "".join(e + piece for e, piece in zip(expansions, pieces[1:], strict=True))


def prior_tokens(prompt: Prompt, reading: Reading, tokenizer: PreTrainedTokenizerBase) -> Tensor:
    """``(L,) bool``: tokens of the expert's verdict sentence, those that reach over its ends included.

    Raises:
        ModelError: The sentence does not stand exactly once in the chat text, or the tokenizer reads the text
            before it differently from how the prompt was read.
    """
    said = torch.zeros(len(reading.ids), dtype=torch.bool)
    span = prior_span(prompt, reading.expanded, [])
    if span is None:
        return said
    ids = reading.ids.tolist()
    before, until = (tokenizer.encode(reading.expanded[:end]) for end in span)
    start = _common(ids, before)
    if start < len(before) - SEAM or _common(ids, until) < len(until) - SEAM:
        raise ModelError(f"the tokenizer reads the prompt differently up to the prior sentence {prompt.text[:40]!r}")
    said[start : len(until)] = True
    return said


def _common(ids: list[int], other: list[int]) -> int:
    """Number of leading tokens in common."""
    pairs = enumerate(zip(ids, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(ids), len(other)))
