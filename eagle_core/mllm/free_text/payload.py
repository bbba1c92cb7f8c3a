"""Does a piece of text begin with one option's letter, standing for that option? And which letters does it mention?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eagle_core.mllm.free_text.cleaning import Options, plain
from eagle_core.mllm.free_text.words import NO, ONE_OF_THE_VERBS, PROVISO, YES

_WRAPPING = r"[\s*_`\"'“”‘’«»「」『』【】<>\[\](){}#\\$~|:.✅☑✔✓👉➡→▶►⇒\ufe0f]*"
_LETTER = re.compile(rf"^(?P<before>{_WRAPPING})(?:\\?text(?:bf)?\{{)?(?P<letter>[A-Za-z])(?P<rest>.*)$", re.DOTALL)
_CLOSED = re.compile(r"^[*_`\"'”’»」』】>\])}]*")
_LATIN = r"A-Za-z0-9À-ɏ"
_DENIED = re.compile(
    r"[\s:;,.–—(\[-]*(?:(?:is|was|are|seems|looks|would be|can be|cannot be)\s+)?(?:clearly |definitely |also )?(?:\b(?:wrong|incorrect|false|not|impossible|unlikely|excluded|ruled out|out|off|eliminated|rejected|discarded|never)\b(?! \(?(?:option )?[A-E]\b)|\w+n['’]t\b|cannot\b|[❌✗✘✖×])"
    r"|\s*(?:ist|est|is|es|é|è)?\s*(?:nicht|niet|değil|non|não|नहीं)(?!\w)|\s*(?:で?は(?:ない|ありません)|じゃない|[가이은는]\s?아[니닙]|선택하지)"
    r"|[\s:;,.。、–—-]*(?:是|为|為|は|が)?(?:错|錯|不|誤|误|間違|有误|有誤)"
    r"|\s*(?:吗|嗎|呢|ですか|か(?!\w)|인가|인지|일\s?수|ไม่|ผิด)"
    rf"|[\s,;:]*(?:{'|'.join(PROVISO)})(?![A-Za-z])",
    re.IGNORECASE,
)
_COUNTER = re.compile(r"^\s*(?:选项|選項|项|項|[번番](?:です|입니다|이다|이에요)?|です|입니다)(?!\w)")
"""After a letter in Chinese, Japanese and Korean: ``C번``, ``B选项``."""
_NO = re.compile(r"[\s:;,.–—-]*no\b(?! \(?(?:option )?[A-E]\b)", re.IGNORECASE)
_VERB = re.compile(rf"^(?:{'|'.join(ONE_OF_THE_VERBS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Payload:
    """A letter at the beginning of a text."""

    letter: str
    """Upper case; perhaps no option's."""
    rest: str
    """What follows."""


def payload_of(text: str, options: Options, *, announced: bool) -> Payload | None:
    """The letter with which ``text`` begins, where it stands for an option; None: it begins with something else.

    ``A scratch`` begins with an article, ``A: No`` contradicts itself where A is "Yes", and ``e.g.`` is no option E.

    Args:
        text: Stripped of reasoning and copied options.
        options: Of the question.
        announced: Something before ``text`` says that an answer follows; then white space may follow the letter.
    """
    found = _LETTER.match(re.sub(r"^\s*[-+•]\s+", "", text))
    if found is None or re.search(r"[≠¬!~]", text[: found.start("letter")]):
        return None
    raw, tail = found["letter"], found["rest"]
    closed = _CLOSED.match(tail)
    rest = tail[closed.end() :] if closed else tail
    counter = _COUNTER.match(rest)
    rest = rest[counter.end() :] if counter else rest
    wrapped = len(rest) < len(tail) and counter is None
    if re.match(rf"[{_LATIN}'’]", rest) or re.match(r"[-–/&+][A-Za-z0-9]", rest) or re.match(r"\s*[(\[]?\s*[?]|\s*=|\.\d|\.[A-Za-z]\.|[^\S\n]+\d", rest):
        return None
    if tail.startswith("'") and re.match(r"'\w", tail):
        return None
    letter = raw.upper()
    own = dict(options).get(letter)
    if _contradicts(letter, rest, options) or (own is not None and _takes_back(rest, own)):
        return None
    repeats = own is not None and _begins_with_whole(rest, own)
    if re.match(r"[+#]", tail) or (not announced and re.match(r"[\s:(=~-]*\d", rest)):
        return None
    if not repeats and not (own and _begins_with(rest, own)) and (_DENIED.match(rest) or (own and _NO.match(rest))):
        return None
    if repeats or not plain(rest):
        return None if announced and raw == "a" and not (repeats or wrapped or "\n" in rest) and _bare_article(found) else Payload(letter, rest)
    pointed = re.match(r"\s*[.:;)]+(?![A-Za-z0-9])|\s*[,。、，]|\s*\n|\s+[-–—]\s|\s*[-–—]{2}|\s*\(", rest) or wrapped
    if raw.islower():
        return Payload(letter, rest) if re.match(r"[.:;)]+(?:\s|$)|\s*\n", rest) or wrapped else None
    if pointed:
        return Payload(letter, rest)
    if not announced:
        return None
    word = rest.strip()
    return None if letter == "A" and re.match(r"[a-z]", word) and not _VERB.match(word) else Payload(letter, rest)


def _bare_article(found: re.Match[str]) -> bool:
    """``the answer is a``, where the sentence was perhaps cut off, and not ``answer: a``."""
    return ":" not in found["before"]


def _contradicts(letter: str, rest: str, options: Options) -> bool:
    """Another option's text follows the letter, or the opposite of a yes or no."""
    matching = {name: text for name, text in options if plain(text) and _begins_with(rest, text)}
    if matching:
        longest = max(matching, key=lambda name: len(plain(matching[name])))
        return longest != letter
    own = plain(dict(options).get(letter, ""))
    if own in ("yes", "no", "true", "false"):
        opposite = NO if own in ("yes", "true") else YES
        words = plain(rest)
        return any(words == word or words.startswith(f"{word} ") or (not word.isascii() and words.startswith(word)) for word in opposite)
    return False


def _takes_back(rest: str, own: str) -> bool:
    """The option's text follows, and then that it is not so: ``B. Hole: no``, ``B. Hole (wrong)``."""
    repeated = re.match(rf"[\W_]*{_words(own)}(?!\w)", rest, re.IGNORECASE) if plain(own) else None
    if repeated is None:
        return False
    after = rest[repeated.end() :]
    denied = plain(own) not in ("yes", "no", "true", "false") and re.match(r"\W*(?:but )?(?:no|absent|not)\b", after, re.IGNORECASE)
    return bool(denied or _DENIED.match(after) or re.match(r"[\s(\[]*[?]", after))


def _words(option: str) -> str:
    return re.sub(r"[\W_]+", r"[\\W_]+", plain(option))


def _begins_with(rest: str, option: str) -> bool:
    words, wanted = plain(rest), plain(option)
    return words == wanted or words.startswith(f"{wanted} ")


def _begins_with_whole(rest: str, option: str) -> bool:
    """The option's text, and then the end or a punctuation mark."""
    words = _words(option)
    return bool(words) and re.match(rf"^[\W_]*{words}\s*(?:$|[^\w\s])", rest, re.IGNORECASE) is not None


def mentions(text: str, letters: set[str]) -> set[str]:
    """Options' letters that stand alone in ``text``; a capital A before a small word is the article."""
    found = set()
    for match in re.finditer(rf"(?<![{_LATIN}'’°\-])([A-Z])(?![{_LATIN}'’]|-[A-Za-z0-9])(?!\.[A-Za-z])", text):
        following = text[match.end() :]
        word = re.match(r" ([a-zà-ɏ]+)", following)
        if match[1] == "A" and word is not None and not _VERB.match(word[1]):
            continue
        found.add(match[1])
    for match in re.finditer(rf"(?<![{_LATIN}'’])\(?([a-e])\)", text):
        found.add(match[1].upper())
    return found & letters
