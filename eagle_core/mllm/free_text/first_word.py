"""``Yes, there is a scratch.``: a first word that is an option, where the rest says the same and nothing else."""

from __future__ import annotations

import re

from eagle_core.mllm.free_text.cleaning import Options, plain
from eagle_core.mllm.free_text.payload import mentions
from eagle_core.mllm.free_text.words import RECONSIDERED

_FIRST = re.compile(r"[\s*_`\"'“”(\[>#-]*(?P<word>yes|no)[*_`\"'”)\]]*\s*(?:[,.;:!–—-]|\n)", re.IGNORECASE)
_FAULT = re.compile(
    r"\b(?:defect\w*|damage\w*|scratch\w*|cracks?|cracked|holes?|dents?|dented|anomal\w+|abnormal\w*|irregular\w*|broken|breakage|flaw(?:s|ed)?|faults?|faulty|missing|"
    r"contaminat\w+|stain(?:s|ed)?|bent|chip(?:s|ped)?|deform\w+|torn|tears?|misalign\w+|misplaced|discolou?r\w*|imperfections?|blemish\w*|rust\w*|corro\w+|burrs?|"
    r"issues?|problems?|differences?|deviations?|incorrect|wrong|worn|burnt?|melted|swapped|foreign)\b",
    re.IGNORECASE,
)
_SOUND = re.compile(r"\b(?:normal|intact|fine|clean|good|okay|ok|flawless|undamaged|identical|same|perfect|unblemished|consistent|as expected)\b", re.IGNORECASE)
_DENIAL = re.compile(r"\b(?:no|not|none|nothing|never|neither|nor|without|free|lacks?|absence|absent|cannot|hardly|isn|aren|doesn|don|wasn)\b|n['’]t\b", re.IGNORECASE)
_OPEN = re.compile(r"\?|\b(?:if|unless|whether|suppose|supposing|assuming|would|could|might|may|maybe|perhaps|but|however|although|though|except|sorry|unable|only|just|merely|such|one|two|three|several|many|multiple)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!;\n]+")


def answered_by_word(text: str, options: Options) -> str | None:
    """The letter of "yes" or "no" where ``text`` begins with it and tells of a fault, or of none, accordingly.

    None where the options are others, where the rest says the opposite (``No, there is a scratch``; whatever the
    question was, one of both is wrong), says neither (``Yes, I can help``), hesitates, or mentions an option's letter.
    """
    by_word = {plain(option): letter for letter, option in options}
    begun = _FIRST.match(text)
    if set(by_word) != {"yes", "no"} or begun is None:
        return None
    word, rest = begun["word"].casefold(), text[begun.end() :]
    if mentions(rest, {letter for letter, _ in options}) or _OPEN.search(rest) or re.search("|".join(RECONSIDERED), rest, re.IGNORECASE):
        return None
    if re.search(rf"\b{'no' if word == 'yes' else 'yes'}\b", rest, re.IGNORECASE):
        return None
    said = {_tells(sentence) for sentence in _SENTENCE.split(rest)} - {None}
    return by_word[word] if said == {word} else None


def _tells(sentence: str) -> str | None:
    """``yes``: of a fault; ``no``: of none; ``both``: not clearly; None: of neither."""
    fault, sound = _FAULT.search(sentence), _SOUND.search(sentence)
    denied = _DENIAL.search(sentence)
    if fault is None and sound is None:
        return "both" if denied else None
    if fault is not None and denied is None:
        return "yes" if sound is None else "both"
    if fault is not None and denied is not None:
        # "No scratch" and "without damage": denied before it, and once only.
        once = len(_DENIAL.findall(sentence)) == 1 and len(_FAULT.findall(sentence)) >= 1
        return "no" if once and denied.start() < fault.start() else "both"
    return "no" if denied is None else "both"
