"""MMAD's names of question types and ours. Its two kinds of questions about an object's parts are one type."""

from __future__ import annotations

from eagle_core.errors import DataError
from eagle_core.records import QuestionType

TITLES: dict[QuestionType, str] = {
    "anomaly_detection": "Anomaly Detection",
    "defect_classification": "Defect Classification",
    "defect_localization": "Defect Localization",
    "defect_description": "Defect Description",
    "defect_analysis": "Defect Analysis",
    "object_classification": "Object Classification",
    "object_analysis": "Object Analysis",
}
"""In the order of MMAD's tables."""
_TYPES: dict[str, QuestionType] = {title: kind for kind, title in TITLES.items()} | {
    "Object Structure": "object_analysis",
    "Object Details": "object_analysis",
}


def type_titled(title: str, where: str) -> QuestionType:
    """Our name of a type.

    Raises:
        DataError: MMAD has no such type; ``where`` is named.
    """
    found = _BY_WORDS.get(_words(title)) if isinstance(title, str) else None
    if found is None:
        raise DataError(f"{where}: unknown question type {title!r}; there are: {', '.join(_TYPES)}")
    return found


def _words(title: str) -> str:
    """``Anomaly Detection``, ``anomaly_detection`` and ``Anomaly detection`` are one."""
    return " ".join(title.replace("_", " ").casefold().split())


_BY_WORDS = {_words(title): kind for title, kind in _TYPES.items()}
