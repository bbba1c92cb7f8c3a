"""``mmad.json``: for each query image its questions and its normal templates. Reads and writes the format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from eagle_core.data.question_types import TITLES, type_titled
from eagle_core.data.text_file import read_json, relative_path
from eagle_core.errors import DataError
from eagle_core.records import Question
from eagle_core.written_text import write_json

LETTERS = "ABCDE"
NORMAL = "good"
"""Folder of normal images in every dataset of MMAD."""


@dataclass(frozen=True, slots=True)
class AskedImage:
    """One entry: an image and everything asked about it."""

    path: str
    """POSIX path below MMAD's root: ``DS-MVTec/bottle/image/broken_large/000.png``."""
    questions: tuple[Question, ...]
    """Options relettered A, B, … in the file's order, as MMAD asks them."""
    similar_templates: tuple[str, ...] = ()
    """Paths below the root, most similar first: 1-shot+."""
    random_templates: tuple[str, ...] = ()
    mask_path: str | None = None
    """Below ``<dataset>/<category>``."""

    @property
    def dataset(self) -> str:
        """First folder of the path."""
        return PurePosixPath(self.path).parts[0]

    @property
    def category(self) -> str:
        """Second folder of the path."""
        return PurePosixPath(self.path).parts[1]

    @property
    def is_normal(self) -> bool:
        """A folder of its path is ``good``."""
        return NORMAL in PurePosixPath(self.path).parts


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A file's entries, and what of it could not be taken."""

    images: tuple[AskedImage, ...]
    faults: tuple[str, ...]
    """One line for each question that was left out, with its place and the reason. Nothing is left out silently."""

    @property
    def count(self) -> int:
        """Questions."""
        return sum(len(image.questions) for image in self.images)


def read_questions(path: Path) -> QuestionSet:
    """Read an ``mmad.json``.

    A question whose right letter is none of its options is left out and told; so is one of an unknown type.

    Raises:
        DataError: The file is missing, no JSON, or not of this form; names the file and the entry.
    """
    content = _load(path)
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected a JSON object by image path, found {type(content).__name__}; give MMAD's mmad.json")
    images, faults = [], []
    for written, entry in content.items():
        where = f"{path}: {written}"
        name = str(relative_path(written, where))
        if len(PurePosixPath(name).parts) < 3 or not isinstance(entry, dict) or not isinstance(entry.get("conversation"), list):
            raise DataError(f"{where}: not an entry of MMAD (path of three folders or more, with a conversation)")
        similar, random = (entry.get(key, []) for key in ("similar_templates", "random_templates"))
        if not all(isinstance(listed, list) and all(isinstance(path, str) for path in listed) for listed in (similar, random)):
            raise DataError(f"{where}: similar_templates and random_templates must be lists of paths")
        if not isinstance(entry.get("mask_path") or "", str):
            raise DataError(f"{where}: mask_path must be text")
        questions = []
        for number, asked in enumerate(entry["conversation"]):
            try:
                questions.append(_question(asked, f"{name}#{number}", where))
            except (DataError, KeyError, AttributeError, TypeError) as error:
                faults.append(f"{name}, question {number}: {error if isinstance(error, DataError) else repr(error)}")
        images.append(
            AskedImage(
                name,
                tuple(questions),
                tuple(str(relative_path(template, where)) for template in similar),
                tuple(str(relative_path(template, where)) for template in random),
                str(relative_path(entry["mask_path"], where)) if entry.get("mask_path") else None,
            )
        )
    return QuestionSet(tuple(images), tuple(faults))


def write_questions(images: Iterable[AskedImage], path: Path) -> None:
    """Write a file that ``read_questions`` and MMAD's own scripts read.

    Raises:
        DataError: ``path`` is a folder, a question's text is blank (it would not be read again), or a text cannot be
            written.
    """
    content = {image.path: _entry(image) for image in images}
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file")
    write_json(content, path)


def _question(asked: Mapping[str, Any], question_id: str, where: str) -> Question:
    if not isinstance(asked["Question"], str) or not asked["Question"].strip():
        raise DataError("Question must be text")
    options = list(asked["Options"].items())
    right = right_letter(asked["Answer"], dict(options))
    if right not in dict(options):
        raise DataError(f"the right answer {right!r} is none of the options {', '.join(dict(options))}")
    relettered = dict(zip(dict(options), LETTERS, strict=False))
    if len(options) > len(LETTERS):
        raise DataError(f"{len(options)} options; MMAD has at most {len(LETTERS)}")
    return Question(
        question_id,
        type_titled(asked["type"], where),
        asked["Question"],
        tuple((relettered[letter], str(text)) for letter, text in options),
        relettered[right],
    )


def right_letter(right: Any, options: Mapping[str, Any]) -> Any:
    """The letter of the right answer, which files hold as ``A``, ``A.``, ``A. Yes`` or in the option's own words."""
    if right in options or not isinstance(right, str):
        return right
    word = right.strip().strip("().").strip()
    letter, _, text = word.partition(".")
    alike = [key for key, value in options.items() if _plain(str(value)) == _plain(word)]
    if len(alike) == 1:
        return alike[0]
    if letter.upper() in options and (not text or _plain(str(options[letter.upper()])) == _plain(text)):
        return letter.upper()
    return right


def _plain(text: str) -> str:
    return text.strip().rstrip(".").strip().casefold()


def _entry(image: AskedImage) -> dict[str, Any]:
    below = PurePosixPath(image.path).parts[2:]
    blank = [question.question_id for question in image.questions if not question.text.strip()]
    if blank:
        raise DataError(f"{image.path}: the text of question {blank[0]} is blank; a question must ask something")
    return {
        "image_path": "/".join(below),
        "mask_path": image.mask_path or "",
        "conversation": [
            {
                "Question": question.text,
                "Answer": question.correct_letter,
                "Options": dict(question.options),
                "type": TITLES[question.question_type],
                "annotation": True,
            }
            for question in image.questions
        ],
        "similar_templates": list(image.similar_templates),
        "random_templates": list(image.random_templates),
    }


def _load(path: Path) -> Any:
    if not path.is_file():
        raise DataError(f"{path}: no such file; `eagle data fetch mmad` says how to get MMAD's files")
    return read_json(path)


def by_dataset(images: Sequence[AskedImage]) -> dict[str, list[AskedImage]]:
    """Entries of each dataset, in the file's order."""
    found: dict[str, list[AskedImage]] = {}
    for image in images:
        found.setdefault(image.dataset, []).append(image)
    return found
