"""What was asked, as answers files hold it: the question's own words, and the options where they stand beside it.

MMAD's scripts write an object ``{"type": "text", "text": …, "options": {…}}`` whose text holds the options too, the older
ones with "Question 1: " before it; others write the text alone, or the object as text.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eagle_core.data.mmad_questions import LETTERS
from eagle_core.mllm.free_text.cleaning import Options, plain

_NUMBER = re.compile(r"^\s*(?:question|q)\s*\d*\s*[:.)]\s*", re.IGNORECASE)
_OPTION_LINE = re.compile(r"^\s*\(?([A-E])[.):]\s*(.*?)\s*$")
_IN_LINE = re.compile(r"(?:^|\s)\(?([A-E])[.):]\s+")
LONGEST_OBJECT = 20_000
"""Characters of an object written as text; longer ones are taken as they stand."""


@dataclass(frozen=True, slots=True)
class AskedText:
    """A question without its number and its options."""

    text: str
    """Empty where the file holds none."""
    options: Options = ()
    """As the model read them. Empty: not known."""

    @property
    def key(self) -> str:
        """By which two spellings of one question are recognised: words only, in lower case."""
        return plain(self.text) or self.text.strip()


def asked_text(value: Any) -> AskedText:
    """Read an answers file's ``question``, whatever its form."""
    found = _as_object(value)
    if found is None:
        return _split("" if value is None else str(value))
    text = _split(str(found.get("text", found.get("Question", found.get("question", ""))) or ""))
    options = found.get("options", found.get("Options"))
    if isinstance(options, list):
        options = dict(zip(LETTERS, options, strict=False))
    if isinstance(options, Mapping) and options:
        beside = tuple((str(letter).strip(" ().:").upper(), str(option)) for letter, option in options.items())
        return text if _shows_others(text.options, beside) else AskedText(text.text, beside)
    return text


def _shows_others(shown: Options, beside: Options) -> bool:
    """Whether the text lists as many options as stand beside it, but not the same: the model read the text."""
    return len(shown) == len(beside) and any(a != b or plain(x) != plain(y) for (a, x), (b, y) in zip(shown, beside, strict=True))


def _as_object(value: Any) -> Mapping[str, Any] | None:
    """The object, also where it was written as JSON text or as Python prints it."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, str) or not value.strip().startswith("{") or len(value) > LONGEST_OBJECT:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, Mapping):
            return found
    return None


def _split(text: str) -> AskedText:
    """The words before the options, and the options: a line each at the end, or all in one line."""
    text = _NUMBER.sub("", text.strip())
    lines = [line for line in text.splitlines() if line.strip()]
    options: list[tuple[str, str]] = []
    while lines and (found := _OPTION_LINE.match(lines[-1])):
        options.insert(0, (found[1], found[2]))
        lines.pop()
    if [letter for letter, _ in options] == list("ABCDE")[: len(options)] and len(options) > 1:
        return AskedText(" ".join(line.strip() for line in lines), tuple(options))
    return _split_line(text)


def _split_line(text: str) -> AskedText:
    marks = list(_IN_LINE.finditer(text))
    starts = [n for n, mark in enumerate(marks) if mark[1] == "A"]
    if starts:
        row = marks[starts[-1] :]
        if len(row) > 1 and [mark[1] for mark in row] == list("ABCDE")[: len(row)]:
            ends = [*(mark.start() for mark in row[1:]), len(text)]
            options = tuple((mark[1], text[mark.end() : end].strip()) for mark, end in zip(row, ends, strict=True))
            return AskedText(text[: row[0].start()].strip(), options)
    return AskedText(text)
