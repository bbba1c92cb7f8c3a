"""Lines as padded token ids, with the places that the language stage teaches at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from transformers import PreTrainedTokenizerFast

from eagle_core.training.reading.pieces import Line, Piece

IGNORED = -100
LETTER_TOKENS = 2
"""An option begins with its letter and a full stop; its words come after."""
FULL_STOP = 1
"""Token after the last word of a sentence."""


@dataclass(frozen=True, slots=True)
class EncodedLines:
    """A batch, padded on the right: a causal decoder needs no mask then."""

    input_ids: torch.Tensor
    """``(B, L) int64``."""
    is_text: torch.Tensor
    """``(B, L) bool``: False at padding."""
    labels: torch.Tensor
    """``(B, L) int64``: the answer's tokens, its end included; IGNORED elsewhere."""
    option: torch.Tensor
    """``(B, L) int64``: 0 for words of option A, 1 for B, …; -1 elsewhere."""
    is_end: torch.Tensor
    """``(B, L) bool``: the full stop that ends an option, the one token at which a causal decoder knows all of it."""
    asked_at: torch.Tensor
    """``(B,) int64``: the last token before the answer."""
    right: torch.Tensor
    """``(B,) int64``: the right letter, 0 for A; -1 where the answer is words."""
    kind_at: torch.Tensor
    """``(B,) int64``: the last token of the kind, in words, in what is shown; -1 where it is not marked."""
    named_at: torch.Tensor
    """``(B, L) int64``: at the last word of a sentence of the knowledge the last token of its kind's name; -1 elsewhere."""
    holds_answer: torch.Tensor
    """``(B, L) bool``: the last word of the sentence of the knowledge in which the answer stands."""
    said: torch.Tensor
    """``(B, L, 2) int64``: where an option ends the first and last token of its words ("top left": both); 0 elsewhere."""


def line_encoder(tokenizer: PreTrainedTokenizerFast) -> Callable[[Sequence[Line]], EncodedLines]:
    """Encode lines with ``tokenizer``; pieces that come again are tokenized once."""

    @lru_cache(maxsize=100_000)
    def ids_of(text: str) -> tuple[int, ...]:
        return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])

    end = int(tokenizer.eos_token_id)

    def encode(lines: Sequence[Line]) -> EncodedLines:
        rows = [[(piece, ids_of(text)) for piece, text in _spaced(line.pieces)] for line in lines]
        length = max(1 + sum(len(ids) for _, ids in row) for row in rows)
        shape = (len(lines), length)
        input_ids, is_text = torch.full(shape, int(tokenizer.pad_token_id)), torch.zeros(shape, dtype=torch.bool)
        labels, option = torch.full(shape, IGNORED), torch.full(shape, -1)
        is_end, said = torch.zeros(shape, dtype=torch.bool), torch.zeros(*shape, 2, dtype=torch.long)
        asked_at = torch.zeros(len(lines), dtype=torch.long)
        kind_at, named_at, holds_answer = torch.full((len(lines),), -1), torch.full(shape, -1), torch.zeros(shape, dtype=torch.bool)
        for number, row in enumerate(rows):
            at = named = 0
            for piece, ids in row:
                shown = (*ids, end) if piece.role == "answer" else ids
                there = slice(at, at + len(shown))
                input_ids[number, there], is_text[number, there] = torch.tensor(shown), True
                if piece.role == "answer":
                    labels[number, there], asked_at[number] = torch.tensor(shown), at - 1
                elif piece.role == "option":
                    option[number, at + LETTER_TOKENS : there.stop] = piece.letter
                    is_end[number, there.stop - 1] = True
                    said[number, there.stop - 1] = torch.tensor([ids[LETTER_TOKENS], ids[-1 - FULL_STOP]])
                elif piece.role == "kind":
                    kind_at[number] = there.stop - 1
                elif piece.role == "named":
                    named = there.stop - 1
                elif piece.role in ("told", "holds_answer"):
                    named_at[number, there.stop - 1 - FULL_STOP] = named
                    holds_answer[number, there.stop - 1 - FULL_STOP] = piece.role == "holds_answer"
                at = there.stop
        right = torch.tensor([line.right for line in lines])
        return EncodedLines(input_ids, is_text, labels, option, is_end, asked_at, right, kind_at, named_at, holds_answer, said)

    return encode


def _spaced(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, str]]:
    """Each piece with its text; spaces at the end of one begin the next, as they do in the tokens of the whole text."""
    spaces = ""
    for piece in pieces:
        text = (spaces + piece.text).rstrip(" ")
        spaces = (spaces + piece.text)[len(text) :]
        yield piece, text
