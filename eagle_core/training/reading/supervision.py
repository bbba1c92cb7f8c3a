"""What is taught in the middle of the decoder, so that letters are bound to their options in minutes.

To answer with a letter the decoder must find what is asked (the fact), find the option that says it, and know that
option's letter. The last token's loss alone did not teach this in 38,000 questions. Here each part has a loss of its own,
at the same depth: what the last token of the prompt would say in words (their first and their last: "top", "left" and
"top left" share one), the letter to which each word of an option belongs, and that the next layer's first head looks from
the last token to the full stop that ends the right option. Nothing of it remains in the model but weights.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from eagle_core.training.looking import first_head
from eagle_core.training.reading.encoding import EncodedLines

LETTERS = 4
OWN_LETTER_WEIGHT = 0.3
MASKED = -1e4


class LetterBinding(nn.Module):
    """The losses in the middle, with what they need besides the decoder."""

    def __init__(self, hidden: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.own_letter = nn.Linear(hidden, LETTERS)
            self.last_word = nn.Linear(hidden, hidden)

    def loss(self, decoder: Any, lm_head: nn.Module, hidden: torch.Tensor, layer: int, lines: EncodedLines) -> torch.Tensor:
        """Scalar.

        Args:
            decoder: ``Qwen2Model``.
            lm_head: Hidden state -> logits.
            hidden: ``(B, L, H)``: what ``decoder.layers[layer]`` is given.
            layer: Index of the layer whose first head is taught where to look.
            lines: What was read.
        """
        lettered = torch.nonzero(lines.right >= 0)[:, 0]
        last = hidden[lettered, lines.asked_at[lettered]]
        words_of_answer = torch.stack([last, self.last_word(last)], dim=1)
        in_words = functional.cross_entropy(lm_head(decoder.norm(words_of_answer)).flatten(0, 1), lines.said[lettered].flatten())
        words = lines.option >= 0
        own = functional.cross_entropy(self.own_letter(hidden[words]), lines.option[words])
        looks = _looks(decoder, hidden, layer, lettered, lines.asked_at[lettered])
        right = lines.is_end[lettered] & (lines.option[lettered] == lines.right[lettered, None])
        return in_words + OWN_LETTER_WEIGHT * own - looks[right].mean()


def _looks(decoder: Any, hidden: torch.Tensor, layer: int, rows: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """``(R, L)`` log attention of the layer's first head from token ``at`` of each of ``rows``, as the layer computes it."""
    query, key = first_head(decoder, hidden[rows], layer)
    logits = torch.einsum("rd,rld->rl", query[torch.arange(len(rows)), at], key) * decoder.layers[layer].self_attn.scaling
    later = torch.arange(hidden.shape[1]) > at[:, None]
    return logits.masked_fill(later, MASKED).log_softmax(-1)
