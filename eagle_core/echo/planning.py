"""Decision Planning: what type of question is asked, and which modules serve it (Echo: section 3.4)."""

from __future__ import annotations

import re

from eagle_core.errors import DataError
from eagle_core.records import Question, QuestionType

RULES: tuple[tuple[str, QuestionType], ...] = (
    (r"\bis there (any|a) (defect|anomal)|\bany (defects?|anomal\w+)\b.*\?|contains no anomal", "anomaly_detection"),
    (r"\b(effect|impact|consequence|cause|reason|lead to|affect|why|risk)\w*\b", "defect_analysis"),
    (r"\bdefect\b.*\b(appearance|look|describ\w*|appear)\b|\b(appearance|describ\w*|looks?)\b.*\bdefect", "defect_description"),
    (r"\bwhere\b|\b(location|located|position|region|part of the object)\b", "defect_localization"),
    (r"\b(type|kind|category|class|sort)\b.*\bdefect|\bdefect\b.*\b(type|kind|category|class)\b", "defect_classification"),
    (r"\bwhat (is|kind of|type of) (the )?(object|product|item)\b.*\b(image|picture|shown)?", "object_classification"),
    (r"", "object_analysis"),
)
"""(pattern in the lower-cased question, type): the first that is found decides; the rest is about the object."""


def plan_by_rules(question: Question) -> QuestionType:
    """The type of ``question`` by ``RULES``."""
    return question_type_of(question.text)


def question_type_of(text: str) -> QuestionType:
    """The type of a question by its wording, without its options.

    Raises:
        DataError: There is no question.
    """
    plain = " ".join(text.lower().split())
    if not plain:
        raise DataError("a question without text cannot be planned")
    asked = re.sub(r"^there is a defect in the object\.\s*", "", plain)
    return next(kind for pattern, kind in RULES if re.search(pattern, asked))
