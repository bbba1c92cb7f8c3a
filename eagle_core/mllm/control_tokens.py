"""Text that a model would read as its own control tokens: refused, with the place where it stands.

A question, an option or a piece of knowledge is data. ``<|im_end|>`` in it would end the turn, and ``<image>`` would claim an
image that is not there. Such a question is not asked: nothing of the text is changed behind the user's back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from eagle_core.records import Prompt, TextPart

OF_ANY_FAMILY = re.compile(r"<\|[A-Za-z0-9_]+\|>|</?s>|<image>|<video>|<IMG_CONTEXT>|\[/?INST\]|<</?SYS>>|<end_of_utterance>|<end_of_turn>")
"""Of a served model, whose tokenizer is not known here."""
_BRACKETED = re.compile(r"[<\[].+[>\]]")


@dataclass(frozen=True, slots=True)
class ControlTokens:
    """What must not stand in the text of a prompt."""

    pattern: re.Pattern[str]

    @staticmethod
    def of(tokenizer: PreTrainedTokenizerBase, beside: Iterable[str] = ()) -> ControlTokens:
        """All special tokens and bracketed added tokens of ``tokenizer``, and ``beside``: marks of a chat template."""
        added = {str(token) for token in tokenizer.added_tokens_decoder.values()}
        found = {*map(str, tokenizer.all_special_tokens), *(token for token in added if _BRACKETED.fullmatch(token)), *beside}
        longest_first = sorted((token for token in found if token.strip()), key=len, reverse=True)
        return ControlTokens(re.compile("|".join(map(re.escape, longest_first)) or r"(?!)"))

    def found_in(self, prompt: Prompt) -> str | None:
        """What stands where, as a sentence; None: nothing."""
        texts = [("system text", prompt.system), *((part.role, part.text) for part in prompt.parts if isinstance(part, TextPart))]
        for role, text in texts:
            found = self.pattern.search(text)
            if found:
                return f"question {prompt.question.question_id!r}: {_place(prompt, role, found[0])} holds {found[0]!r}, a control token of this model; write it in other words"
        return None


def _place(prompt: Prompt, role: str, token: str) -> str:
    """The option, where it is one's; else the part of the prompt."""
    if role == "question" and token not in prompt.question.text:
        for letter, option in prompt.question.options:
            if token in option:
                return f"option {letter}"
    return f"the {role.replace('_', ' ')}"
