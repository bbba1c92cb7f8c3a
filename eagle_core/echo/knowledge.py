"""The Knowledge Guide's texts: MMAD's domain knowledge by product and defect, and what is condensed from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from eagle_core.data.scene import DEFECT_KINDS, DefectFacts
from eagle_core.errors import DataError
from eagle_core.records import QuestionType

NORMAL = "good"
Source = Literal["domain", "rule_based", "llm", "generator_record"]
_TITLE = re.compile(r"^\s*<([^>]+)>\s*")
_FOCUS: dict[QuestionType, tuple[str, ...]] = {
    "anomaly_detection": ("normal", "no visible", "expected", "intact", "uniform"),
    "defect_classification": ("defect", "character", "distinguish", "manifest", "feature"),
    "defect_localization": ("locat", "position", "center", "edge", "side", "area", "region"),
    "defect_description": ("appear", "visual", "color", "colour", "shape", "texture", "contrast", "surface", "irregular"),
    "defect_analysis": ("compromise", "impact", "effect", "lead", "function", "integrity", "hazard", "quality", "risk"),
    "object_classification": ("normal", "depict", "image", "product"),
    "object_analysis": ("normal", "depict", "color", "shape", "texture"),
}
ABOUT_NORMAL: tuple[QuestionType, ...] = ("anomaly_detection", "object_classification", "object_analysis")
"""Questions to which the rule tells what is normal; the others are told about defects."""
SENTENCES = 2
"""Kept of each defect by the rule."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of one product."""

    product: str
    by_kind: Mapping[str, str]
    """Kind of defect, or ``good``, -> text."""
    source: Source

    def whole(self) -> str:
        """All of it: Echo's "domain knowledge" (DK)."""
        return "\n".join(" ".join(text.split()) for text in self.by_kind.values())


def knowledge_of(stored: Mapping[str, Mapping[str, Mapping[str, str]]], dataset: str, product: str) -> Knowledge:
    """One product's entry of MMAD's ``domain_knowledge.json``.

    Raises:
        DataError: It is not there; the message lists what is.
    """
    products = stored.get(dataset)
    if products is None:
        raise DataError(f"domain knowledge: no dataset {dataset!r}; there are: {', '.join(sorted(stored))}")
    if product not in products:
        raise DataError(f"domain knowledge: nothing about {product!r} in {dataset}; it knows: {', '.join(sorted(products))}")
    return Knowledge(product, dict(products[product]), "domain")


def knowledge_of_generated(product: str, object_name: str, color: str, kinds: tuple[str, ...]) -> Knowledge:
    """The same form for a generated category, from the generator's own record."""
    texts = {NORMAL: known_normal(object_name, color)}
    texts |= {kind: known_defect(kind, DEFECT_KINDS[kind]) for kind in kinds}
    return Knowledge(product, texts, "generator_record")


def known_normal(object_name: str, color: str) -> str:
    """What is known of a product without defects, in the form of MMAD's domain knowledge."""
    return f"<Normal Characteristics> The images depict {object_name}, mainly {color}, without any defect."


def known_defect(kind: str, facts: DefectFacts) -> str:
    """What is known of one kind of defect, in the form of MMAD's domain knowledge; named as sentences name it, too."""
    return f"<{kind[0].upper()}{kind[1:]}> The {kind} appears as {facts.appearance}. As an effect, {facts.effect}."


def titled_by_rule(text: str) -> str:
    """``text`` with its ``<Title>`` as the rule writes it: ``Title:``."""
    return _TITLE.sub(lambda found: f"{found[1]}: ", text)


def condensed_by_rule(knowledge: Knowledge, question_type: QuestionType) -> str:
    """Of every kind its title and the sentences nearest to what the question is about: ``rule_based``.

    Stands in for Echo's context-specific knowledge (CSK), which an LLM writes. Questions about the object, and whether
    there is a defect at all, get what is normal; questions about the defect get the defects.
    """
    about_normal = question_type in ABOUT_NORMAL
    lines = []
    for kind, text in knowledge.by_kind.items():
        if (kind == NORMAL) != about_normal:
            continue
        title = _TITLE.match(text)
        name = title.group(1) if title else kind.replace("_", " ")
        lines.append(f"{name}: {' '.join(_nearest(_TITLE.sub('', text), _FOCUS[question_type]))}")
    return "\n".join(lines)


def _nearest(text: str, words: tuple[str, ...]) -> list[str]:
    """Up to SENTENCES sentences with most of ``words``, in their order."""
    plain = " ".join(text.split()).removeprefix("Description: ")
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", plain) if s]
    hits = [sum(word in sentence.lower() for word in words) for sentence in sentences]
    best = sorted(range(len(sentences)), key=lambda i: (-hits[i], i))[:SENTENCES]
    return [sentences[i] for i in sorted(best)]
