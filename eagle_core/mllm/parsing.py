"""From generated text to an option's letter. What does not clearly name one option is None, never a guess."""

from __future__ import annotations

import re

from eagle_core.errors import ModelError
from eagle_core.records import NO_DEFECT_STATEMENT, Question

Options = tuple[tuple[str, str], ...]

_BARE = re.compile(r"^\W*([A-Z])\W*$")
_LEADING = re.compile(r"^\W*([A-Z])\s*[.):,\n]")
_STATED = re.compile(r"\b(?:answer|option|choice)\s*(?:is|:)?\s*:?\s*[*(\[\"']*([A-Z])\b(?![\w'])", re.IGNORECASE)
_PAPER_KEYWORDS = ("yes", "abnormal", "defect")


def parse_letter(text: str, options: Options) -> str | None:
    """The letter of the option that ``text`` chooses.

    Understood: ``B``, ``(B)``, ``**B.**``, ``B. No.``, ``The answer is B``, or an option's own text. None where
    nothing, an unknown letter, or more than one option is named. ``A defect is visible`` names no option.
    """
    text = text.strip()
    letters = {letter for letter, _ in options}
    if found := _BARE.match(text) or _LEADING.match(text):
        return found.group(1) if found.group(1) in letters else None
    stated = {letter.upper() for letter in _STATED.findall(text) if letter.isupper()}
    if stated:
        return stated.pop() if len(stated) == 1 and stated <= letters else None
    said = [letter for letter, option in options if _plain(option) == _plain(text)]
    return said[0] if len(said) == 1 else None


def parse_open(text: str, question: Question) -> str | None:
    """The letter of the option whose text an open answer repeats, letter case and punctuation aside.

    A yes/no question is also answered by a first word, as in "Yes, a scratch", unless the other word follows. None for
    anything else: what means the same in other words is not recognised, and nothing is guessed.
    """
    said = _plain(text)
    by_text = {_plain(option): letter for letter, option in question.options}
    first, *others = said.split() or [""]
    if _is_yes_no(question) and first in by_text and not (set(by_text) - {first}) & set(others):
        return by_text[first]
    return by_text.get(said)


def paper_rule(text: str) -> bool:
    """The paper's keyword rule (section 4.1): True, a defect, where the text holds yes, abnormal or defect.

    Kept for comparison with the paper; note that "no defect" counts as a defect.
    """
    lowered = text.lower()
    return any(keyword in lowered for keyword in _PAPER_KEYWORDS)


def defect_letter(question: Question) -> str | None:
    """The letter whose option text says "defective"; None where the question is not whether there is a defect.

    MMAD's entries differ in which letter says yes, so the letter is found through the option's text. Where the
    statement that there is no defect is to be judged, "false" says defective.
    """
    by_text = {_plain(text): letter for letter, text in question.options}
    if _is_yes_no(question):
        return by_text["yes"]
    if question.question_type == "anomaly_detection" and NO_DEFECT_STATEMENT in question.text:
        return by_text.get("false")
    return None


def letter_by_paper_rule(text: str, question: Question) -> str:
    """The letter that ``paper_rule`` chooses.

    Raises:
        ModelError: The question is not a yes/no question about defects.
    """
    defective = defect_letter(question)
    if defective is None or not _is_yes_no(question):
        raise ModelError(
            f"mllm.answer: paper applies to yes/no questions about defects only, not to {question.question_id!r} "
            f"({question.question_type}); use logits or generate"
        )
    return next(letter for letter, _ in question.options if (letter == defective) == paper_rule(text))


def _is_yes_no(question: Question) -> bool:
    texts = {_plain(text) for _, text in question.options}
    return question.question_type == "anomaly_detection" and texts == {"yes", "no"}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
