"""What the name of a folder says about the images in it: normal, defective, unlabelled, or it has to be asked."""

from __future__ import annotations

import re
from typing import Literal

Label = Literal["normal", "defective", "unlabelled"]

_NORMAL = frozenset(
    ["good", "ok", "okay", "normal", "pass", "passed", "fine", "io", "gut", "intact", "healthy", "clean", "perfect", "flawless", "faultless", "conforming", "accepted", "nominal", "defectfree", "faultless", "bon", "bonne", "bueno", "buono", "normale", "良品", "正常", "正常品", "合格", "合格品", "정상", "양품", "норма", "годен"]
)
"""Taken for normal where the whole name says it."""
_TELLING = frozenset({"good", "ok", "okay", "normal"})
"""Words that make one ask where they are only part of a name."""
_DEFECTIVE = frozenset(["bad", "ng", "nok", "ko", "defect", "defects", "defective", "anomaly", "anomalies", "anomalous", "abnormal", "fail", "failed", "faulty", "nio"])
_UNLABELLED = frozenset({"unlabelled", "unlabeled"})
_NEGATIONS = frozenset({"not", "no", "non", "un", "nicht", "never"})
_WITHOUT_FAULT = ({"no", "defect"}, {"no", "defects"}, {"non", "defective"}, {"defect", "free"}, {"not", "defective"}, {"i", "o"})


def label_of(name: str) -> Label | None:
    """What a folder called ``name`` holds; None where its name says "normal" and something else besides.

    Every name that says nothing of that is the name of a kind of defect.
    """
    words = _words(name)
    if not words:
        return "defective"
    if words <= _NORMAL or words in _WITHOUT_FAULT:
        return "normal"
    if words <= _UNLABELLED:
        return "unlabelled"
    if words & _NEGATIONS or words & _DEFECTIVE or not words & _TELLING:
        return "defective"
    return None


def says_normal(name: str) -> bool:
    """True where ``name`` is one of the words for normal images."""
    return label_of(name) == "normal"


def says_defective(name: str) -> bool:
    """True where ``name`` is one of the words for defective images in general."""
    return bool(_words(name)) and _words(name) <= _DEFECTIVE


def _words(name: str) -> set[str]:
    """Words of ``name`` in lower case, without numbers; ``GoodParts`` is two."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {word.lower() for word in re.findall(r"[^\W\d_]+", apart)}
