"""What a line is made of: pieces of text, each with its part in what is taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["shown", "kind", "named", "told", "holds_answer", "option", "asked", "answer"]
"""``kind``: of the defect, in words, in what an image shows. In knowledge, ``named``: a kind, ``told``: a sentence about it, and
``holds_answer``: the sentence that answers the question."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a line's text. Each piece is tokenized by itself, less the spaces at its end, with which the next one begins."""

    text: str
    role: Role
    letter: int = -1
    """Of an option: 0 for A."""


@dataclass(frozen=True, slots=True)
class Line:
    """One question with its answer."""

    pieces: tuple[Piece, ...]
    right: int = -1
    """The right letter, 0 for A; -1 where the answer is words."""
