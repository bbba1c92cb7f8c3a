"""From generated text to an option's letter. What does not clearly name one option is None, never a guess."""

from __future__ import annotations

import re

from eagle_core.errors import ModelError
from eagle_core.mllm.free_text.cleaning import Options, plain, without_copied_options, without_reasoning
from eagle_core.mllm.free_text.first_word import answered_by_word
from eagle_core.mllm.free_text.marks import are_joined, from_json, marked_answers, taken_back
from eagle_core.mllm.free_text.payload import mentions, payload_of
from eagle_core.mllm.free_text.words import LETTER_WORDS
from eagle_core.records import NO_DEFECT_STATEMENT, Question

READ = 4000
"""Characters at a long text's end that are read for its answer."""
_PAPER_KEYWORDS = ("yes", "abnormal", "defect")
_ALONE = re.compile(
    r"[\W_]*(?:(?:so|therefore|thus|hence|then)[\s,:]+)?(?:(?:it is|it['’]s|it must be|this is|that is|that['’]s|(?:i['’]m )?going with|select|selected|pick|choose)[\s:*\"'`(]+|(?:l['’])?(?:option|choice|letter)[\s:*\"'`(]+"
    r"|(?:(?:question|q)\s*)?\d{1,2}\s*[.):]\s*){1,2}(?P<letter>(?-i:[A-Z])|(?<=option )[a-e]|(?<=choice )[a-e]|(?<=letter )[a-e])[\s.)*_\"'`]*"
    r"|[\W_]*(?:so|therefore|thus|hence)[\s,:*(]+(?P<concluded>(?-i:[A-Z]))[\s.)*_\"'`]*",
    re.IGNORECASE,
)
"""An answer and nothing else: ``It's B.``, ``option b``, ``Question 1: B``, ``Therefore, B.``"""
_NAMED = re.compile(rf"[\W_]{{0,20}}(?:{'|'.join(LETTER_WORDS)})[\W_]{{0,20}}(?=(?-i:[A-Z])(?![a-z]))", re.IGNORECASE)


def parse_letter(text: str, options: Options) -> str | None:
    """The letter of the option that ``text`` chooses; rather None than a letter that it does not clearly choose.

    Reasoning blocks and options copied from the prompt are not read. Of announced answers (``Answer: B``, ``\\boxed{B}``,
    ``<answer>B</answer>``, ``答案是B``, ``{"answer": "B"}``, "the answer is B") the last one counts, unless it is taken back.
    Without one, the text must be a letter, begin with one (``B. No.``, ``b) no``), end in a line of one, repeat an
    option's own text, or begin with its yes or no (``No, it looks normal``), and mention no other letter.
    ``A defect is visible`` names no option.
    """
    said = without_reasoning(text)
    held = from_json(said)
    if held is not None:
        only = held[0] if isinstance(held, list) and len(held) == 1 else held
        return parse_letter(only, options) if isinstance(only, str) else None
    said = without_copied_options(said[-READ:], options)
    letters = {letter for letter, _ in options}
    marks = list(marked_answers(said, options))
    if marks:
        last = marks[-1]
        doubted = len(marks) > 1 and marks[-2].letter != last.letter and are_joined(said, marks[-2], last)
        doubted = doubted or taken_back(said[last.end :], last.letter, options, marked=True)
        return last.letter if last.letter in letters and not doubted else None
    return _unmarked(said, options)


def _unmarked(said: str, options: Options) -> str | None:
    letters = {letter for letter, _ in options}
    if re.search(r"[❌✗✘✖]", said):
        return None
    alone = _ALONE.fullmatch(said)
    if alone is not None:
        letter = (alone["letter"] or alone["concluded"]).upper()
        return letter if letter in letters else None
    named = _NAMED.match(said)
    begun = payload_of(said[named.end() :] if named else said, options, announced=False)
    if begun is not None:
        clear = begun.letter in letters and not taken_back(begun.rest, begun.letter, options, marked=False)
        return begun.letter if clear else None
    *before, last = [line for line in said.splitlines() if line.strip()] or [""]
    ended = payload_of(last, options, announced=False) if before else None
    if ended is not None and ended.letter in letters:
        repeated = plain(ended.rest) in ("", plain(dict(options)[ended.letter]))
        return ended.letter if repeated and not mentions("\n".join(before), letters) - {ended.letter} else None
    for letter, option in options:
        words = re.sub(r"[\W_]+", r"[\\W_]+", plain(option))
        if words and re.fullmatch(rf"[\W_]*{words}\s*[^\w\s]\W*(?-i:{letter})\W*", said, re.IGNORECASE) and "?" not in said:
            return letter
    spoken = [letter for letter, option in options if plain(option) == plain(said) and "?" not in said]
    return spoken[0] if len(spoken) == 1 else answered_by_word(said, options)


def parse_open(text: str, question: Question) -> str | None:
    """The letter of the option whose text an open answer repeats, letter case and punctuation aside.

    A yes/no question is also answered by a first word, as in "Yes, a scratch", unless the rest says otherwise. None
    for anything else: what means the same in other words is not recognised, and nothing is guessed.
    """
    by_text = {plain(option): letter for letter, option in question.options}
    return by_text.get(plain(text)) or answered_by_word(text, question.options)


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
    by_text = {plain(text): letter for letter, text in question.options}
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
    texts = {plain(text) for _, text in question.options}
    return question.question_type == "anomaly_detection" and texts == {"yes", "no"}
