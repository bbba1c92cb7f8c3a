"""The token with which a model begins its answer when it answers with an option's letter."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from eagle_core.errors import ModelError


def letter_tokens(tokenizer: PreTrainedTokenizerBase, rendered: str, letters: Sequence[str]) -> dict[str, int]:
    """Each letter's token id as the continuation of ``rendered``.

    A chat text that ends in white space or a special token is continued by ``A``; one that ends in a word
    (``ASSISTANT:``) by `` A``, as the models were trained.

    Raises:
        ModelError: A letter is more than one token there, or two letters share one.
    """
    tail = rendered[-64:]
    ids = tokenizer(tail, add_special_tokens=False)["input_ids"]
    glued = tail[-1].isspace() or ids[-1] in tokenizer.all_special_ids
    found = {}
    for letter in letters:
        continued = tokenizer(tail + ("" if glued else " ") + letter, add_special_tokens=False)["input_ids"]
        if continued[: len(ids)] != ids or len(continued) != len(ids) + 1:
            raise ModelError(
                f"option letter {letter!r} is not a single token after {tail[-20:]!r} with this tokenizer; "
                "use mllm.answer: generate"
            )
        found[letter] = continued[-1]
    if len(set(found.values())) != len(found):
        raise ModelError(f"option letters {list(letters)} do not have distinct tokens; use mllm.answer: generate")
    return found
