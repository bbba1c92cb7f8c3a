"""The answers file of MMAD's scripts: a JSON list, one object for each question that was asked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from eagle_core.errors import DataError
from eagle_core.mmad.question_types import TITLES, type_titled
from eagle_core.mmad.questions import LETTERS, NORMAL
from eagle_core.records import QuestionType

FIELDS = ("image", "question_type", "correct_answer", "gpt_answer")


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One row."""

    image: str
    """POSIX path below MMAD's root."""
    question: str
    question_type: QuestionType
    correct: str
    """Letter."""
    given: str
    """What the file holds: a letter, or free text, which counts as unparsed."""
    labelled_normal: bool | None = None
    """None: not known but from the path."""

    @property
    def is_normal(self) -> bool:
        """As labelled; in MMAD's own files, where a folder of the path is ``good``."""
        return NORMAL in PurePosixPath(self.image).parts if self.labelled_normal is None else self.labelled_normal

    @property
    def letter(self) -> str | None:
        """The given letter; None: unparsed."""
        return self.given if self.given in set(LETTERS) else None


def read_answers(path: Path) -> list[GivenAnswer]:
    """Read an answers file.

    Raises:
        DataError: The file is missing, no JSON list, or a row lacks a field; names file and row.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the answers file that MMAD's scripts or `eagle mmad export` wrote")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not valid JSON ({error}); was the run that wrote it cut off?") from error
    if not isinstance(content, list) or not content:
        found = "an empty list" if content == [] else type(content).__name__
        raise DataError(f"{path}: expected a JSON list of answers, found {found}")
    rows = []
    for number, row in enumerate(content):
        missing = [name for name in FIELDS if not isinstance(row, dict) or name not in row]
        if missing:
            raise DataError(f"{path}: row {number} lacks {', '.join(missing)}")
        wrong = [name for name in FIELDS[:3] if not isinstance(row[name], str) or not row[name]]
        if wrong:
            raise DataError(f"{path}: row {number}: {', '.join(wrong)} must be text")
        if len(PurePosixPath(row["image"]).parts) < 3:
            raise DataError(f"{path}: row {number}: image {row['image']!r} is no path of dataset, category and file")
        asked = row.get("question", "")
        rows.append(
            GivenAnswer(
                row["image"],
                str(asked.get("text", "")) if isinstance(asked, dict) else str(asked),
                type_titled(row["question_type"], f"{path}, row {number}"),
                row["correct_answer"],
                "" if row["gpt_answer"] is None else str(row["gpt_answer"]).strip(),
                row.get("normal"),
            )
        )
    return rows


def write_answers(rows: Iterable[GivenAnswer], path: Path) -> None:
    """Write a file that MMAD's scripts read. Where an image's path does not tell its label, ``normal`` does; they ignore it.

    Raises:
        DataError: ``path`` is a folder.
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
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    aside.replace(path)
