"""What a model wrote without what is no answer: reasoning blocks, copied options, code fences, full-width forms."""

from __future__ import annotations

import re
import unicodedata

Options = tuple[tuple[str, str], ...]

_REASONING = "think|thinking|thought|thoughts|reasoning|reason|analysis|reflection|scratchpad|rationale|cot|caption|summary|seed:think"
_OPENED = rf"(?:<\|?(?:{_REASONING})\|?>|◁think▷|\[THINK\]|<\|begin_of_thought\|>|<\|channel\|>analysis<\|message\|>)"
_CLOSED = rf"(?:</(?:{_REASONING})>|<\|/(?:{_REASONING})\|>|◁/think▷|\[/THINK\]|<\|end_of_thought\|>|<\|channel\|>final<\|message\|>)"
_BORDER = re.compile(f"(?P<opened>{_OPENED})|{_CLOSED}", re.IGNORECASE)
_TURN_ENDED = re.compile(
    r"(?<=\S)\s*(?:<\|im_end\|>|<\|endoftext\|>|<\|eot_id\|>|<end_of_turn>|</s>|\n\W{0,10}(?:question(?: \d+)?|q\d*|human|user|instruction)\W*:)",
    re.IGNORECASE,
)
_TURN_BEGUN = re.compile(r"^\s*(?:\[/INST\]|<\|im_start\|>|<s>|(?:assistant|gpt|model)\s*:|\s)+", re.IGNORECASE)
_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)


def without_reasoning(text: str) -> str:
    """``text`` in plain forms (NFKC: ``Ｂ`` and ``（`` become ``B`` and ``(``), without reasoning blocks.

    A block that was never closed reaches to the end; one whose beginning was left out, to the start. What follows the
    end of the model's turn, such as a question that it asks itself, is not read either.
    """
    plain = unicodedata.normalize("NFKC", text)
    kept: list[str] = []
    start, inside = 0, False
    for border in _BORDER.finditer(plain):
        if border["opened"] is None:
            kept = kept if inside else []
            start, inside = border.end(), False
        elif not inside:
            kept.append(plain[start : border.start()])
            inside = True
    plain = "\n".join([*kept, *([] if inside else [plain[start:]])])
    plain = _TURN_BEGUN.sub("", _FENCE.sub("", plain))
    ended = _TURN_ENDED.search(plain)
    plain = plain[: ended.start()] if ended else plain
    # A model that repeats itself to the end must not make the search for marks slow.
    plain = re.sub(r"([^\w\s])\1{3,}", r"\1\1\1", re.sub(r"[^\S\n]+", " ", plain))
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", plain).strip()


def without_copied_options(text: str, options: Options) -> str:
    """``text`` without the list of all options in their order, as a prompt prints it."""
    if not options:
        return text
    between = r"[\s;,|*_>\-•]*"
    listed = between.join(
        rf"\(?{re.escape(letter)}[.):,]*\**\s*{re.escape(unicodedata.normalize('NFKC', option).strip().rstrip('.'))}(?![\w])[.;,]?"
        for letter, option in options
    )
    return re.sub(rf"(?<![\w]){listed}", "\n", text, flags=re.IGNORECASE)


def plain(text: str) -> str:
    """Words only, in lower case, one blank between them."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()
