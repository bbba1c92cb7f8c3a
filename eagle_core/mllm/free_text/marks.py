"""Announced answers: ``Answer: B``, ``\\boxed{B}``, ``<answer>B</answer>``, ``答案是B``, ``{"answer": "B"}``. The last one counts.

Each mark is read on its own: it names a letter, or it is void (denied, conditional, a question: the one before counts), or
it is unclear (no letter, two of them, "or"), and then so is the whole answer.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from eagle_core.mllm.free_text.cleaning import Options, plain
from eagle_core.mllm.free_text.payload import Payload, mentions, payload_of
from eagle_core.mllm.free_text.words import (
    ANSWER,
    BESIDE_ANSWER,
    CHOOSING,
    CHOSEN,
    CLAUSE_STARTERS,
    CONDITION,
    COPULA,
    HYPOTHETICAL,
    LETTER_WORDS,
    NEGATION,
    RECONSIDERED,
    UNDECIDED,
)

UNCLEAR = "?"
"""A mark whose letter cannot be told."""
NEARBY = 300
"""Characters around a mark that are looked at."""
_KEYS = ("answer", "final_answer", "finalanswer", "correct_answer", "choice", "option", "letter", "prediction", "response", "result", "verdict", "selected_option", "selected", "chosen_option", "答案")
_TAGS = "answer|final_answer|ans|conclusion|choice|output|response|final"
_GAP = r"[\s*_`\"'“”「」【】#>|]*"


def _any_of(words: tuple[str, ...]) -> str:
    """Alternatives; words of Latin, Greek and Cyrillic letters end where the word ends."""
    # The text is in plain forms (NFKC), which take some Thai letters apart.
    plain_words = sorted((unicodedata.normalize("NFKC", word) for word in words), key=len, reverse=True)
    return "|".join(rf"(?<!\w){word}(?!\w)" if re.search(r"[a-zà-žα-ωа-яạ-ỹ]", word) else word for word in plain_words)


_FILLERS = rf"(?:{_GAP}(?:{_any_of(LETTER_WORDS)}))*"
_POINT = r"(?:[:=|]|-+>?|[–—→⇒]+|\n)"
_ALONE = r"(?=(?-i:[\s(*]*[A-Z][\s)*.]*(?:\n|$|है)))"
_PRAISE = (
    r"ist (?:richtig|korrekt)(?!\w)|est (?:correcte?|juste|la bonne)(?!\w)|es (?:la )?correcta(?!\w)|è (?:quella )?corretta(?!\w)|é (?:a )?correta(?!\w)"
    r"|(?:选项|選項|项|項)?(?:是|为|為)?(?:正确|正確)|が正(?:しい|解)|[이가] (?:정답|맞)"
)
_MARK = re.compile(
    rf"(?P<boxed>\\?(?:boxed|fbox)\s*\{{(?P<box>(?:[^{{}}]|\{{[^{{}}]*\}})*)\}})"
    rf"|(?P<tag><\|?(?:{_TAGS}|begin_of_box)\|?>(?P<inside>(?:(?!<\|?(?:{_TAGS}|begin_of_box)\|?>).)*?)(?:</(?:{_TAGS})>|<\|end_of_box\|>|$))"
    rf"|(?P<said>(?:(?:{_any_of(ANSWER)})(?:\s*(?:{_any_of(BESIDE_ANSWER)}))?{_GAP}(?:(?:{_any_of(COPULA)}){_GAP}{_POINT}*|{_POINT}+|{_ALONE})"
    rf"|(?:{_any_of(CHOSEN)}){_GAP}(?:(?:{_any_of(COPULA)}){_GAP}{_POINT}*|[:=])"
    rf"|(?:{_any_of(CHOOSING)})){_FILLERS}(?:{_GAP}(?:is|ist|est|es|是|:)(?!\w))?{_GAP})"
    rf"|(?P<praised>(?<![A-Za-z0-9])(?P<letter>[A-Z])[)\]*_\"']{{0,3}}\s*(?:(?:is|seems|looks)\s+(?:the )?(?:correct|right|best|answer)(?![A-Za-z])|{_PRAISE})(?! ?\?)(?: answer| option| choice)?)",
    re.IGNORECASE | re.DOTALL,
)
_CLAUSE = re.compile(rf"[.,;:!?\n,。;、]|(?:{_any_of(CLAUSE_STARTERS)})")
_BENIGN = re.compile(r"\W*(?:based|given|derived|supported|because|clear|correct|obvious|evident|determined|as follows|straightforward|below)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mark:
    """One announced answer."""

    letter: str
    """Or ``UNCLEAR``."""
    start: int
    end: int
    """Where the announcement with its letter lies in the text."""


def from_json(text: str) -> object:
    """The value of the answer-like key where ``text`` holds one JSON object; ``UNCLEAR``: two that differ; None: no such key."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        found = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or plain(text[:start] + text[end + 1 :]) not in ("", "json"):
        return None
    named = {key: value for key, value in found.items() if re.sub(r"\W", "_", str(key)).strip("_").casefold() in _KEYS}
    values = {json.dumps(value, sort_keys=True) for value in named.values()}
    if len(values) > 1:
        return UNCLEAR
    return next(iter(named.values())) if values else None


def marked_answers(text: str, options: Options) -> Iterator[Mark]:
    """Every announced answer in order, void ones left out."""
    letters = {letter for letter, _ in options}
    for found in _MARK.finditer(text):
        if found["praised"]:
            yield from _praised(text, found)
        elif found["said"]:
            yield from _said(text, found, options)
        else:
            inside = found["box"] if found["boxed"] else found["inside"]
            inside = re.sub(r"\\(?:textbf|text|mathrm|mathbf|bf|rm)\s*", "", inside or "")
            yield Mark(_whole(inside, options, letters), found.start(), found.end())


def _praised(text: str, found: re.Match[str]) -> Iterator[Mark]:
    """``B is correct``: read only in capitals and where nothing before it in the clause doubts it."""
    standing = _standing(text, found.start())
    follows = re.match(r"(?:[\s*_)\"']*(?:$|[.,;:!\n]|(?:because|since|as)\b))|[^\W a-zA-Z]", text[found.end() :])
    if found["letter"].islower() or standing == "void" or follows is None:
        return
    yield Mark(UNCLEAR if standing == "unclear" else found["letter"].upper(), found.start(), found.end())


def _said(text: str, found: re.Match[str], options: Options) -> Iterator[Mark]:
    standing = _standing(text, found.start())
    if standing == "void":
        return
    following = text[found.end() : found.end() + NEARBY]
    payload = payload_of((":" if ":" in found["said"] else "") + following, options, announced=True)
    if payload is not None:
        if re.match(r"\W*\?", payload.rest):
            return
        end = found.end() + len(following) - len(payload.rest)
        if _is_hypothetical(text, found, payload, options):
            standing = "unclear"
        yield Mark(UNCLEAR if standing == "unclear" or _joined(payload.rest, options) else payload.letter, found.start(), end)
        return
    spoken = _option_text(following, options)
    if spoken is not None:
        yield Mark(UNCLEAR if standing == "unclear" else spoken, found.start(), found.end())
    elif not _BENIGN.match(following) and _letters_first(found["said"]):
        yield Mark(UNCLEAR, found.start(), found.end())


def _is_hypothetical(text: str, found: re.Match[str], payload: Payload, options: Options) -> bool:
    """``the answer would be B`` is an answer; ``… would be B for a broken one``, ``Otherwise, … would be B`` are none."""
    if re.search(rf"(?:{_any_of(HYPOTHETICAL)})", found["said"], re.IGNORECASE) is None:
        return False
    before = re.split(r"[.!?\n。]", text[max(0, found.start() - NEARBY) : found.start()])[-1]
    sentence = re.split(r"[.!?\n。]", payload.rest.lstrip(" .)*_\"'"))[0]
    said_again = plain(sentence) in ("", plain(dict(options).get(payload.letter, "")))
    return bool(re.search(r"\b(?:case|otherwise|else|normally|usually|then|expect\w*)\b", before, re.IGNORECASE)) or not (
        said_again or re.match(r"\W*(?:because|since|as)\b", payload.rest)
    )


def _letters_first(said: str) -> bool:
    """Whether an announcement without a letter makes all unclear: not a bare ``result:`` or ``选`` somewhere in prose."""
    return re.match(rf"(?:{_any_of(ANSWER)})", said, re.IGNORECASE) is not None


def _whole(inside: str, options: Options, letters: set[str]) -> str:
    """What a tag or a box holds, read as an answer of its own."""
    last = UNCLEAR
    for mark in marked_answers(inside, options):
        last = mark.letter
    if last != UNCLEAR:
        return last
    payload = payload_of(":" + inside, options, announced=True)
    if payload is not None:
        return UNCLEAR if (mentions(payload.rest, letters) - {payload.letter}) else payload.letter
    return _option_text(inside, options) or UNCLEAR


def _option_text(following: str, options: Options) -> str | None:
    """The letter of the option whose text, and then a punctuation mark or the end, stands first."""
    line = following.strip().strip("*_`\"'“”({[").lstrip()
    named = [
        (len(plain(text)), letter)
        for letter, text in options
        if plain(text) and re.match(re.sub(r"[\W_]+", r"[\\W_]+", plain(text)) + r"\s*(?:$|[^\w\s])", line, re.IGNORECASE)
    ]
    return max(named)[1] if named else None


def _joined(rest: str, options: Options) -> bool:
    """Another letter follows at once, joined by a word or a sign: ``A or B``, ``A/B``, ``A, B``, ``A和B``."""
    letters = "".join(letter for letter, _ in options)
    joint = r"(?:or|and|/|&|,|\+|oder|und|ou|et|y|o|и|или|lub|veya|atau|hoặc|หรือ|أو|או|या|或|或者|和|、|还是|還是|または|또는)"
    return re.match(rf"[\s)\]*_'\"]*{joint}[\s(\[*_'\"]*(?:option\s+)?[{letters}](?![A-Za-z])", rest, re.IGNORECASE if re.match(r"\s*(?:or|/|and)", rest) else 0) is not None


def _standing(text: str, start: int) -> str:
    """What the clause before a mark does to it: ``void``, ``unclear`` or ``stands``."""
    before = text[max(0, start - NEARBY) : start]
    cuts = [m.end() for m in _CLAUSE.finditer(before)]
    clause = before[cuts[-1] :] if cuts else before
    if re.match(r"\s*(?:that|dass|que|che)\b", clause, re.IGNORECASE) and len(cuts) > 1:
        clause = before[cuts[-2] :]
    if re.search(_any_of(UNDECIDED), clause, re.IGNORECASE):
        return "unclear"
    sentence = re.split(r"[.!?\n。]", before)[-1]
    if re.search(_any_of(CONDITION), sentence, re.IGNORECASE) or re.search(rf"{_any_of(NEGATION)}|\bno\s*$", clause, re.IGNORECASE):
        return "void"
    return "stands"


def are_joined(text: str, first: Mark, second: Mark) -> bool:
    """Whether two marks are one: ``\\boxed{B} or \\boxed{C}``."""
    return re.fullmatch(r"[\s$.*]*(?:or|and|/|,|&|或|和|oder|ou|o)[\s$*]*", text[first.end : second.start], re.IGNORECASE) is not None


def taken_back(tail: str, letter: str, options: Options, *, marked: bool) -> bool:
    """Whether what follows an answer leaves doubt about it: second thoughts, or another option's letter that is not denied.

    After a marked answer, the options may be repeated.
    """
    if re.search(_any_of(RECONSIDERED), tail, re.IGNORECASE):
        return True
    others = {name for name, _ in options} - {letter}
    names = "".join(sorted(others)) or "-"
    spoken = re.sub(
        rf"(?:\b(?:not|isn't|rather than|instead of|unlike|than|nor|nicht|statt)|不是|而非|而不是)\s*\(?(?:option\s+)?[{names}](?![A-Za-z])"
        rf"|(?<![A-Za-z])[{names}] would (?:apply|need|require|mean|only)\b"
        rf"|(?:options?|choices?|选项)\s*\(?[{names}](?![A-Za-z])\)?",
        " ",
        tail,
        flags=re.IGNORECASE,
    )
    for name, text in options if marked else ():
        spoken = re.sub(rf"(?<!\w){name}[.):]+\s*{re.escape(text.strip().rstrip('.'))}(?!\w)", " ", spoken, flags=re.IGNORECASE)
    return bool(mentions(spoken, others))
