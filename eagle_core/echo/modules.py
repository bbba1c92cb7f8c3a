"""Echo's four modules (section 3.4): each contributes parts of the prompt and knows nothing of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

from eagle_core.guidance.prompt import instruction, question_text, template_caption
from eagle_core.records import ImagePart, Question, TextPart
from eagle_core.retrieval.memory import ImageMemory, MemoryEntry

STEPS = (
    "Reason step by step before you decide. "
    "1. Observation: note the shape, the surface and the colour of the object in the query image. "
    "2. Comparison: find where it differs from {against}. "
    "3. Decision: decide {what}. "
)
KNOWLEDGE_CAPTION = "Following is knowledge about the product and its possible defects:\n"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question about one image."""

    image_id: str
    category: str | None
    """None: unknown; then references come from all categories."""
    query: Image.Image
    embedding: np.ndarray
    """``(D,) float32`` of unit length, of the encoder that filled the memory."""
    question: Question


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one module adds."""

    parts: tuple[ImagePart | TextPart, ...] = ()
    reference_ids: tuple[str, ...] = field(default=())


class Module(Protocol):
    """One expert module."""

    def contribute(self, inquiry: Inquiry) -> Contribution:
        """What it adds to the prompt about ``inquiry``."""
        ...


class ReferenceExtractor:
    """Retrieves the most similar normal images, or with ``random_seed`` any (Echo's Table 4)."""

    def __init__(
        self,
        memory: ImageMemory,
        read: Callable[[MemoryEntry], Image.Image],
        references: int,
        *,
        random_seed: int | None = None,
    ) -> None:
        self._memory, self._read, self._references, self._seed = memory, read, references, random_seed

    def contribute(self, inquiry: Inquiry) -> Contribution:
        """A caption and the references, most similar first; nothing where none are asked for."""
        if self._references == 0:
            return Contribution()
        if self._seed is None:
            found = self._memory.search(
                inquiry.embedding, self._references, category=inquiry.category, exclude=inquiry.image_id
            )
        else:
            found = self._memory.random(
                self._references, seed=self._seed, category=inquiry.category, exclude=inquiry.image_id
            )
        images = [ImagePart("template", self._read(entry)) for entry in found]
        caption = TextPart("caption", template_caption(len(found)))
        return Contribution((caption, *images), tuple(entry.entry_id for entry in found))


class KnowledgeGuide:
    """Adds what is known about the product, whole or condensed for the question."""

    def __init__(self, texts: Callable[[Inquiry], str]) -> None:
        self._texts = texts

    def contribute(self, inquiry: Inquiry) -> Contribution:
        """The knowledge; nothing where there is none."""
        text = self._texts(inquiry).strip()
        return Contribution((TextPart("knowledge", f"{KNOWLEDGE_CAPTION}{text}\n"),)) if text else Contribution()


class ReasoningExpert:
    """Asks for observation, comparison and decision, in this order."""

    def __init__(self, references: int) -> None:
        self._references = references

    def contribute(self, inquiry: Inquiry) -> Contribution:
        """The steps."""
        return Contribution((TextPart("reasoning", reasoning_steps(self._references, inquiry.question)),))


def reasoning_steps(references: int, question: Question) -> str:
    """Observation, comparison with so many references (or with what is normal), decision."""
    against = "the normal sample" if references else "what is normal for such an object"
    what = "what the difference means" if question.is_open else "which option fits the difference"
    return STEPS.format(against=against, what=what)


class DecisionMaker:
    """Puts the question and asks for the final answer: a letter, or words where the question is open."""

    def contribute(self, inquiry: Inquiry) -> Contribution:
        """Instruction, question and options."""
        asked = TextPart("question", question_text(inquiry.question))
        return Contribution((TextPart("instruction", instruction(inquiry.question)), asked))
