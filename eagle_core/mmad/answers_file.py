"""The answers file of MMAD's scripts: a JSON list, one object for each question that was asked.

Read as they come: ``question`` in any of the forms of ``asked_text``, paths with back-slashes, right answers as ``A``,
``A.`` or in the option's words, UTF-16, byte-order marks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from eagle_core.data.mmad_questions import LETTERS, NORMAL, right_letter
from eagle_core.data.question_types import TITLES, type_titled
from eagle_core.data.text_file import forward_slashes, read_json
from eagle_core.errors import DataError
from eagle_core.mllm.parsing import parse_letter
from eagle_core.mmad.asked_text import asked_text
from eagle_core.records import QuestionType
from eagle_core.written_text import write_json

NO_TEXT = "(no text) "
"""Before the type, in place of a question's words that the file does not hold."""
FIELDS = ("image", "question_type", "correct_answer", "gpt_answer")


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One row."""

    image: str
    """POSIX path below MMAD's root."""
    question: str
    """Its own words, without number and options; where the file holds none, the type and the row's number of it."""
    question_type: QuestionType
    correct: str
    """Letter."""
    given: str
    """What the file holds: a letter, or free text."""
    labelled_normal: bool | None = None
    """None: not known but from the path."""
    options: tuple[tuple[str, str], ...] = ()
    """Empty: not known."""
    written_correct: str | None = None
    """The right answer as the file holds it, where that is no letter."""

    @property
    def is_normal(self) -> bool:
        """As labelled; in MMAD's own files, where a folder of the path is ``good``."""
        return NORMAL in PurePosixPath(self.image).parts if self.labelled_normal is None else self.labelled_normal

    @property
    def letter(self) -> str | None:
        """The given letter; None: unparsed."""
        if self.given in set(LETTERS):
            return self.given
        return parse_letter(self.given, self.options or tuple((letter, "") for letter in LETTERS))

    @property
    def key(self) -> tuple[str, QuestionType, str, tuple[str, ...]]:
        """Two rows with the same key answer the same question: image, type, words without number, options in any order."""
        return self.image, self.question_type, asked_text(self.question).key, tuple(sorted(text for _, text in self.options))


def read_answers(path: Path) -> list[GivenAnswer]:
    """Read an answers file.

    Raises:
        DataError: The file is missing, no JSON list, or a row lacks a field; names file and row.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the answers file that MMAD's scripts or `eagle mmad export` wrote")
    content = read_json(path)
    if not isinstance(content, list) or not content:
        found = "an empty list" if content == [] else type(content).__name__
        raise DataError(f"{path}: expected a JSON list of answers, found {found}")
    without_text: Counter[tuple[str, str]] = Counter()
    rows = []
    for number, row in enumerate(content):
        answer = _row(row, f"{path}: row {number}")
        if not answer.question:
            # MMAD asks only about the object's parts more than once; other rows of one type are one question.
            several = answer.question_type == "object_analysis"
            without_text[answer.image, answer.question_type] += 1
            counted = f" {without_text[answer.image, answer.question_type]}" if several else ""
            answer = replace(answer, question=f"{NO_TEXT}{answer.question_type}{counted}")
        rows.append(answer)
    return rows


def _row(row: Any, where: str) -> GivenAnswer:
    missing = [name for name in FIELDS if not isinstance(row, dict) or name not in row]
    if missing:
        raise DataError(f"{where} lacks {', '.join(missing)}")
    wrong = [name for name in FIELDS[:3] if not isinstance(row[name], str) or not row[name].strip()]
    if wrong:
        raise DataError(f"{where}: {', '.join(wrong)} must be text")
    image = _printable(forward_slashes(row["image"]))
    if len(PurePosixPath(image).parts) < 3:
        raise DataError(f"{where}: image {image!r} is no path of dataset, category and file")
    normal = row.get("normal")
    if not isinstance(normal, bool | None):
        raise DataError(f"{where}: normal must be true or false, got {normal!r}")
    asked = asked_text(row.get("question"))
    kind = type_titled(row["question_type"].strip(), where)
    right = _right(row["correct_answer"], asked.options, where)
    given = "" if row["gpt_answer"] is None else _printable(str(row["gpt_answer"])).strip()
    return GivenAnswer(
        image=image,
        question=_printable(asked.text),
        question_type=kind,
        correct=right,
        given=given,
        labelled_normal=normal,
        options=asked.options,
        written_correct=None if right == row["correct_answer"] else row["correct_answer"],
    )


def _right(written: str, options: tuple[tuple[str, str], ...], where: str) -> str:
    """The right answer's letter: of MMAD's five, and of an option where these are known."""
    letter = str(right_letter(written, dict(options)))
    if letter not in set(LETTERS):
        letter = parse_letter(written, tuple((name, "") for name in LETTERS)) or letter
    if letter not in (dict(options) or set(LETTERS)):
        known = ", ".join(f"{name}: {text}" for name, text in options) or "it holds no options to find it among"
        raise DataError(f"{where}: correct_answer {written!r} is no letter of an option ({known}); write its letter")
    return letter


def _printable(text: str) -> str:
    """A file may hold halves of characters, which no terminal and no table can: they are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def write_answers(rows: Iterable[GivenAnswer], path: Path) -> None:
    """Write a file that MMAD's scripts read. Where an image's path does not tell its label, ``normal`` does; they ignore it.

    Raises:
        DataError: ``path`` is a folder, or a text cannot be written.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file")
    content = [
        {
            "image": row.image,
            "question": row.question,
            "question_type": TITLES[row.question_type],
            "correct_answer": row.correct,
            "gpt_answer": row.given,
            **({} if row.is_normal == (NORMAL in PurePosixPath(row.image).parts) else {"normal": row.is_normal}),
        }
        for row in rows
    ]
    write_json(content, path)
