"""What is taught in the middle of the decoder, so that letters are bound to their options in minutes.

To answer with a letter the decoder must find what is asked (the fact), find the option that says it, and know that
option's letter. The last token's loss alone did not teach this in 38,000 questions. Here each part has a loss of its own,
at the same depth: what the last token of the prompt would say in words (their first and their last: "top", "left" and
"top left" share one), that the full stop that ends an option says this option's words, by the same maps, so that what is
alike can be found, the letter to which each word of an option belongs, and that the next layer's first head looks from
the last token to the full stop of the right option. Nothing of it remains in the model but weights.

An answer that stands in knowledge takes two looks before: at the kind, from what is asked (where an image shows the defect, once
there are images) and from every sentence of the knowledge, and then from what is asked at the sentence of the same kind: at its
last word, which says more of the answer than the full stop does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from eagle_core.training.looking import looks_from
from eagle_core.training.reading.encoding import EncodedLines

LETTERS = 4
OWN_LETTER_WEIGHT = 0.3
LOOKS_BELOW = 2
"""Layers under the middle in which what knowledge says is found."""


class Binding(nn.Module):
    """The losses in the middle, with what they need besides the decoder."""

    def __init__(self, hidden: int, seed: int) -> None:
        super().__init__()
        self.letters, self.knowledge = LetterBinding(hidden, seed), KnowledgeBinding(hidden, seed)

    def loss(
        self, decoder: Any, lm_head: nn.Module, hidden: Sequence[torch.Tensor], layer: int, lines: EncodedLines
    ) -> torch.Tensor:
        """Scalar.

        Args:
            decoder: ``Qwen2Model``.
            lm_head: Hidden state -> logits.
            hidden: ``(B, L, H)`` each: what ``decoder.layers[layer]`` and the LOOKS_BELOW layers under it are given, the lowest first.
            layer: Index of the layer before which the answer must be known in words.
            lines: What was read.
        """
        *below, between = hidden
        letters = self.letters.loss(decoder, lm_head, between, layer, lines)
        return letters + self.knowledge.loss(decoder, lm_head, below, layer - LOOKS_BELOW, lines)


class LetterBinding(nn.Module):
    """The losses by which letters are bound to options."""

    def __init__(self, hidden: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.own_letter = nn.Linear(hidden, LETTERS)
            self.last_word = nn.Linear(hidden, hidden)

    def loss(self, decoder: Any, lm_head: nn.Module, hidden: torch.Tensor, layer: int, lines: EncodedLines) -> torch.Tensor:
        """Scalar, 0 where no answer is a letter.

        Args:
            decoder: ``Qwen2Model``.
            lm_head: Hidden state -> logits.
            hidden: ``(B, L, H)``: what ``decoder.layers[layer]`` is given.
            layer: Index of the layer whose first head is taught where to look.
            lines: What was read.
        """
        lettered = torch.nonzero(lines.right >= 0)[:, 0]
        if len(lettered) == 0:
            return hidden.new_zeros(())
        right = lines.is_end & (lines.option == lines.right[:, None])
        answer = self._says(decoder, lm_head, hidden[lettered, lines.asked_at[lettered]], lines.said[right])
        options = self._says(decoder, lm_head, hidden[lines.is_end], lines.said[lines.is_end])
        words = lines.option >= 0
        own = functional.cross_entropy(self.own_letter(hidden[words]), lines.option[words])
        looks = looks_from(decoder, hidden, layer, lettered, lines.asked_at[lettered])
        return answer + options + OWN_LETTER_WEIGHT * own - looks[right[lettered]].mean()

    def _says(self, decoder: Any, lm_head: nn.Module, states: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        """How little ``states`` ``(N, H)`` say the first and the last of their words, ``said`` ``(N, 2)``; scalar."""
        both = torch.stack([states, self.last_word(states)], dim=1)
        return functional.cross_entropy(lm_head(decoder.norm(both)).flatten(0, 1), said.flatten())


class KnowledgeBinding(nn.Module):
    """The losses by which the own kind's sentence is found in knowledge, with what they need besides the decoder."""

    def __init__(self, hidden: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.kind = nn.Linear(hidden, hidden)

    def loss(
        self, decoder: Any, lm_head: nn.Module, hidden: Sequence[torch.Tensor], layer: int, lines: EncodedLines
    ) -> torch.Tensor:
        """Scalar, 0 where nothing is told.

        Args:
            decoder: ``Qwen2Model``.
            lm_head: Hidden state -> logits.
            hidden: ``(B, L, H)`` each: what ``decoder.layers[layer]`` and the one above it are given.
            layer: Index of the layer whose first head is taught to look at kinds; that of the layer above it looks at the sentence.
            lines: What was read.
        """
        below, above = hidden
        rows, ends = torch.nonzero(lines.named_at >= 0, as_tuple=True)
        told = torch.nonzero(lines.kind_at >= 0)[:, 0]
        answered = torch.nonzero(lines.holds_answer.any(1))[:, 0]
        names, kinds, asked_at = lines.named_at[rows, ends], lines.kind_at[told], lines.asked_at
        sentence = lines.holds_answer[answered].int().argmax(1)
        loss = below.new_zeros(())
        if len(rows):
            loss = loss + self.says(decoder, lm_head, above[rows, ends], lines.input_ids[rows, names])
            loss = loss - _look(decoder, below, layer, rows, ends, names)
        if len(told):
            loss = loss + self.says(decoder, lm_head, above[told, asked_at[told]], lines.input_ids[told, kinds])
            loss = loss - _look(decoder, below, layer, told, asked_at[told], kinds)
        if len(answered):
            loss = loss - _look(decoder, above, layer + 1, answered, asked_at[answered], sentence)
        return loss

    def says(self, decoder: Any, lm_head: nn.Module, states: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """How little ``states`` ``(N, H)`` say the last token of their kind, ``words`` ``(N,)``; scalar.

        One map for what is asked about and for what is told: the same kind is alike in both, and one can find the other.
        """
        return functional.cross_entropy(lm_head(decoder.norm(self.kind(states))), words)


def _look(decoder: Any, hidden: torch.Tensor, layer: int, rows: torch.Tensor, at: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Mean log attention from ``at`` to ``right``; scalar."""
    return looks_from(decoder, hidden, layer, rows, at)[torch.arange(len(rows)), right].mean()
