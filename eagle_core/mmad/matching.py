"""Which answer belongs to which question of a question file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eagle_core.data.mmad_questions import QuestionSet
from eagle_core.errors import DataError
from eagle_core.mllm.free_text.cleaning import Options
from eagle_core.mmad.answers_file import NO_TEXT, GivenAnswer
from eagle_core.mmad.asked_text import asked_text
from eagle_core.mmad.option_order import file_letters, in_letters_of_file
from eagle_core.records import Question, QuestionType


@dataclass(frozen=True, slots=True)
class Matched:
    """Answers with their questions' options, and what is left over on either side."""

    answers: tuple[GivenAnswer, ...]
    missing: frozenset[tuple[str, str]]
    """(image, question_id) of questions without an answer."""
    strangers: tuple[str, ...]
    """``image: question`` of answers to no question of the file."""
    reordered: tuple[str, ...]
    """Questions whose options were asked in another order than the file's: their letters are the file's now."""
    unscorable: tuple[str, ...]
    """Questions that were asked with other options than the file's; they stay without an answer."""
    disputed: tuple[str, ...]
    """Questions whose right letter differs between the files, or is no letter that both know."""


def match(answers: Sequence[GivenAnswer], questions: QuestionSet) -> Matched:
    """Find each answer's question: by image, type and words or id; where the words are missing, by type and order.

    Args:
        answers: Each question once.
        questions: What should have been asked.

    Raises:
        DataError: No answer belongs to any question, or none was asked with its question's options.
    """
    free: dict[tuple[str, QuestionType], list[Question]] = {}
    for image in questions.images:
        for question in image.questions:
            free.setdefault((image.path, question.question_type), []).append(question)
    found: list[GivenAnswer] = []
    strangers: list[str] = []
    reordered: list[str] = []
    unscorable: list[str] = []
    disputed: list[str] = []
    for answer in answers:
        name = f"{answer.image}: {answer.question}"
        waiting = free.get((answer.image, answer.question_type), [])
        about = [q for q in waiting if _is_about(answer, q)]
        if not about:
            strangers.append(name)
            continue
        pairs = [(q, letters) for q in about if (letters := file_letters(answer.options, q.options)) is not None]
        if not pairs:
            unscorable.append(f"{name} ({_listed(answer.options)} here, {_listed(about[0].options)} there)")
            continue
        question, letters = pairs[0]
        waiting.remove(question)
        moved = any(here != there for here, there in letters.items())
        theirs = in_letters_of_file(answer, question, letters) if moved else replace(answer, options=answer.options or question.options)
        reordered += [f"{name} ({_listed(answer.options)} here, {_listed(question.options)} there)"] if moved else []
        found.append(theirs)
        if theirs.correct != question.correct_letter:
            disputed.append(f"{name} ({theirs.correct} here, {question.correct_letter} there)")
    if unscorable and not found:
        raise DataError(f"none of the answers can be scored: their options are others than the questions file's: {unscorable[0]}; give the file that was asked")
    if answers and not found and questions.count:
        first = answers[0]
        raise DataError(
            f"none of the answers belongs to a question of the questions file: {first.image!r} with {first.question!r} is not "
            f"in it{_nearest(first, questions)}; give the file that was asked"
        )
    missing = frozenset((image, question.question_id) for (image, _), left in free.items() for question in left)
    return Matched(tuple(found), missing, tuple(strangers), tuple(reordered), tuple(unscorable), tuple(disputed))


def _is_about(answer: GivenAnswer, question: Question) -> bool:
    if answer.question.startswith(NO_TEXT):
        return True
    return answer.question == question.question_id or asked_text(answer.question).key == asked_text(question.text).key


def _listed(options: Options) -> str:
    return ", ".join(f"{letter}: {text}" for letter, text in options)


def _nearest(answer: GivenAnswer, questions: QuestionSet) -> str:
    """What the question file asks about that image."""
    asked = [question.text for image in questions.images if image.path == answer.image for question in image.questions]
    return f" (about this image it asks {asked[0]!r})" if asked else " (neither is the image)"
