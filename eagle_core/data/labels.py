"""What the name of a folder says about the images in it: normal, defective, unlabelled, or it has to be asked."""

from __future__ import annotations

import re
from typing import Literal

Label = Literal["normal", "defective", "unlabelled"]

_NORMAL = frozenset(
    [
        "good", "goods", "ok", "okay", "normal", "normals", "pass", "passed", "fine", "intact", "healthy", "clean", "perfect", "nominal",
        "accept", "accepted", "acceptable", "approved", "conform", "conforming", "flawless", "faultless", "defectless", "spotless",
        "undamaged", "nondefective", "defectfree", "nodefect", "nodefects", "nofault", "anomalyfree", "faultfree",
        "io", "gut", "gute", "gutteil", "gutteile", "intakt", "unbeschädigt", "fehlerfrei", "defektfrei", "mangelfrei", "einwandfrei",
        "bon", "bons", "bonne", "bonnes", "conforme", "conformes", "intacte", "bueno", "buenos", "buena", "buenas", "sano", "sanos",
        "buono", "buoni", "buone", "normale", "normali", "bom", "bons", "boa", "boas", "goed", "godkänd", "godkänt", "godkjent", "godkendt",
        "dobry", "dobre", "dobrý", "dobré", "hyvä", "jó", "bun", "bune", "iyi", "sağlam",
        "норма", "норм", "ок", "годен", "годные", "годный", "хорошие", "хороший", "исправные", "исправный",
        "良", "良品", "良好", "正常", "正常品", "合格", "合格品", "ok品", "无缺陷", "無缺陷", "無欠陥", "欠陥なし", "无不良", "無不良", "无异常", "異常なし", "异常なし",
        "정상", "양품", "양호", "합격",
    ]
)  # fmt: skip
"""Taken for normal where the whole name says it."""
_TELLING = frozenset({"good", "ok", "okay", "normal", "gut", "pass", "passed", "accepted", "intact", "undamaged", "healthy"})
"""Words that make one ask where they are only part of a name."""
_BEGINNING = re.compile(
    r"(?:good|normal|okay)\w|(?:ok|gut)(?:parts?|teile?n?|images?|bilder|samples?|pieces?|stücke?)|ok?(?:品|件)|.*(?:良|合格|正常|정상|양품)"
)
"""Words that begin or are made like one of them: asked too."""
_UNCERTAIN = frozenset(
    ["neg", "negative", "negatives", "pos", "positive", "positives", "true", "correct", "reference", "references", "ref", "golden", "master", "unknown", "unsorted", "mixed", "new", "incoming", "all", "images"]
)  # fmt: skip
"""Words that mean normal to some and defective, or nothing, to others: asked where the whole name is made of them."""
_DEFECTIVE = frozenset(
    ["bad", "ng", "nok", "ko", "defect", "defects", "defective", "anomaly", "anomalies", "anomalous", "abnormal", "fail", "failed", "faulty", "reject", "rejected", "rejects", "damaged", "nio", "schlecht", "defekt", "fehlerhaft", "ausschuss", "不良", "不良品", "不合格", "ng品", "异常", "異常", "불량", "брак"]
)  # fmt: skip
_UNLABELLED = frozenset({"unlabelled", "unlabeled"})
_NEGATIONS = frozenset({"not", "no", "non", "un", "nicht", "never", "pas", "não", "не", "nie"})
_WITHOUT = frozenset({"no", "non", "not", "without", "zero", "free", "frei", "ohne", "sans", "sin", "senza", "sem", "bez", "без", "zonder", "utan", "ingen"})
_FAULT = frozenset(
    ["defect", "defects", "defective", "fault", "faults", "flaw", "flaws", "damage", "anomaly", "anomalies", "fehler", "defekt", "defekte", "mangel", "mängel", "défaut", "défauts", "defaut", "defauts", "anomalie", "defecto", "defectos", "difetto", "difetti", "defeito", "defeitos", "vad", "wad", "defektu", "дефектов", "дефекта", "fel", "gebreken"]
)  # fmt: skip


def label_of(name: str) -> Label | None:
    """What a folder called ``name`` holds; None where its name says "normal" and something else besides, or is a number.

    Every name that says nothing of that is the name of a kind of defect.
    """
    words = _words(name)
    if not words:
        return None if re.fullmatch(r"[\W_]*\d+[\W_]*", name) else "defective"
    if words <= _NORMAL or words in ({"i", "o"}, {"in", "ordnung"}) or (words <= _WITHOUT | _FAULT and words & _WITHOUT and words & _FAULT):
        return "normal"
    if words <= _UNLABELLED:
        return "unlabelled"
    if words <= _UNCERTAIN:
        return None
    if words & (_NEGATIONS | _DEFECTIVE) or any(_denied(word) for word in words):
        return "defective"
    return None if words & _TELLING or any(_BEGINNING.match(word) for word in words) else "defective"


def _denied(word: str) -> bool:
    """One character of Chinese, Japanese or Korean denies the word that it begins."""
    return word[0] in "不非未无無没沒否불비"


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
