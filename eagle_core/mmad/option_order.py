"""A question's options as they were asked against the question file's: the same texts may stand under other letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace

from eagle_core.mllm.free_text.cleaning import Options, plain
from eagle_core.mmad.answers_file import GivenAnswer
from eagle_core.records import Question


def file_letters(asked: Options, filed: Options) -> dict[str, str] | None:
    """The file's letter for each letter that was asked; None where the texts are others.

    Args:
        asked: Of the answers file; empty: not known, so the file's own are taken to have been asked.
        filed: Of the question file.
    """
    if not asked:
        return {letter: letter for letter, _ in filed}
    # Signs tell options apart ("< 1 mm", "> 1 mm"), but a tool may have changed quotation marks and full stops.
    for spelling in (_without_end, plain):
        letters = _by_text(asked, filed, spelling)
        if letters is not None:
            return letters
    return None


def in_letters_of_file(answer: GivenAnswer, question: Question, letters: dict[str, str]) -> GivenAnswer:
    """``answer`` as if it had been asked with the file's letters; an unparsed one stays so.

    The right letter may have been written in either order: it is the file's where one of both readings says so.
    """
    given = answer.letter
    right = letters.get(answer.correct, answer.correct)
    return replace(
        answer,
        correct=question.correct_letter if question.correct_letter in (right, answer.correct) else right,
        given="" if given is None else letters.get(given, ""),
        options=question.options,
    )


def _by_text(asked: Options, filed: Options, spelling: Callable[[str], str]) -> dict[str, str] | None:
    here = {letter: spelling(text) for letter, text in asked}
    there = {letter: spelling(text) for letter, text in filed}
    if here == there:
        return {letter: letter for letter in here}
    by_text = {text: letter for letter, text in there.items()}
    if len(by_text) < len(there) or len(here) != len(asked) or sorted(here.values()) != sorted(there.values()):
        return None
    return {letter: by_text[text] for letter, text in here.items()}


def _without_end(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(". ")
