"""Asking for one sentence about the defect (kind, place, severity), and reading such a sentence.

Our own form is read exactly. In other sentences only plain words count: a denial, a kind, a place, a severity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from eagle_core.data.scene import DEFECT_KINDS, PLACES, SEVERITIES, SceneRecord
from eagle_core.guidance.prompt import build_prompt
from eagle_core.records import Prompt, Question, TextPart

REQUEST = "Describe the defect in one sentence: its severity, its kind and its place. "
SYSTEM = (
    "You are my industrial image inspection assistant. Based on the input images and the accompanying textual "
    "information, describe what you see."
)
NO_DEFECT = "There is no defect in the object."
PATTERN = re.compile(r"There is a (\w+) ([\w ]+?) in the ([\w ]+?)\.")
_DENIAL = re.compile(
    r"\b(no|without|free of|not any)\b[^.,;]*\b(defects?|anomal\w+|damage|flaws?)\b|\bis (normal|not defective)\b", re.I
)
_CLAIM = re.compile(r"\b(defect\w*|anomal\w+|damaged?|flaw\w*|broken)\b", re.I)
_SYNONYMS = {"upper": "top", "lower": "bottom", "middle": "center", "centre": "center", "central": "center"}
_QUESTION = Question("explanation", "defect_description", REQUEST.strip(), ())


@dataclass(frozen=True, slots=True)
class ParsedExplanation:
    """What a sentence claims. Fields that it does not name in our words are None."""

    says_defect: bool | None
    severity: str | None = None
    kind: str | None = None
    place: str | None = None


def explanation_prompt(
    query: Image.Image,
    *,
    templates: Sequence[Image.Image] = (),
    predicted_anomalous: bool | None = None,
    boxed_query: Image.Image | None = None,
) -> Prompt:
    """The same images and prior as for the question, then the request for a sentence."""
    return explanation_instead(
        build_prompt(
            _QUESTION, query, templates=templates, predicted_anomalous=predicted_anomalous, boxed_query=boxed_query
        )
    )


def explanation_instead(asked: Prompt) -> Prompt:
    """``asked`` with its question replaced by the request for a sentence: same images, same prior."""
    kept = [part for part in asked.parts if not (isinstance(part, TextPart) and part.role in ("instruction", "question"))]
    return replace(asked, system=SYSTEM, parts=(*kept, TextPart("question", REQUEST)), question=_QUESTION)


def explanation_of(scene: SceneRecord) -> str:
    """The true sentence about a generated image."""
    if scene.defect is None:
        return NO_DEFECT
    return f"There is a {scene.defect.severity} {scene.defect.kind} in the {scene.defect.place}."


def parse_explanation(text: str) -> ParsedExplanation:
    """Read a sentence; one that says nothing about a defect claims nothing (``says_defect`` None)."""
    if text.strip().startswith(NO_DEFECT[:-1]):
        return ParsedExplanation(False)
    found = PATTERN.search(text)
    if found:
        severity, kind, place = found.groups()
        return ParsedExplanation(True, severity, kind if kind in DEFECT_KINDS else None, place)
    return _in_plain_words(text)


def _in_plain_words(text: str) -> ParsedExplanation:
    words = re.sub(r"[^a-z]+", " ", text.lower()).split()
    plain = f" {' '.join(_SYNONYMS.get(word, word) for word in words)} "

    def longest(names: Sequence[str]) -> str | None:
        there = [name for name in names if f" {name} " in plain]
        return max(there, key=len) if there else None

    kind = longest(list(DEFECT_KINDS))
    if _DENIAL.search(text):
        return ParsedExplanation(False)
    if kind is None and not _CLAIM.search(text):
        return ParsedExplanation(None)
    return ParsedExplanation(True, longest(SEVERITIES), kind, longest(PLACES))
