"""What a processor or a model raises about one prompt stays with that prompt: it failed, and the others are answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from eagle_core.records import Answer

LOG = logging.getLogger("eagle.mllm")

ABOUT_ONE_PROMPT = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What processors and models raise about an image (too elongated, too small for a tile, too many tokens). Our own errors
(a model that cannot be asked so at all, memory that does not suffice for anything) are not among them."""


def answer_apart(ask: Callable[[Sequence[int]], list[Answer]], count: int) -> list[Answer]:
    """Answers to prompts 0..count-1, asked together; where that raises, in halves, down to the prompt that is at fault.

    Args:
        ask: Answers to the prompts with these indices, in their order.
        count: Number of prompts.

    Returns:
        In order; a prompt that cannot be asked by itself has a failed answer with the error's words.
    """

    def asked(indices: Sequence[int]) -> list[Answer]:
        try:
            return ask(indices)
        except ABOUT_ONE_PROMPT as error:
            if len(indices) == 1:
                reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
                LOG.warning("one prompt cannot be asked and is recorded as failed: %s", reason)
                return [Answer("failed", None, None, error=reason)]
        half = len(indices) // 2
        return asked(indices[:half]) + asked(indices[half:])

    return asked(range(count)) if count else []
