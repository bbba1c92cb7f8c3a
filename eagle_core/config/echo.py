"""Echo: which modules serve which questions, and what they read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from eagle_core.config.section import Positive, Section

EchoModule = Literal["reference", "knowledge", "reasoning", "decision"]
QuestionTypeName = Literal[
    "anomaly_detection",
    "defect_classification",
    "defect_localization",
    "defect_description",
    "defect_analysis",
    "object_classification",
    "object_analysis",
]


class EchoConfig(Section):
    """Echo (its section 3): which modules serve which type of question, and what they read.

    The default mapping is its Table 3's. Localization is the bare MLLM there; Analysis leaves Knowledge out, though
    the text says otherwise. Echo leaves out the two types about the object: here they get what detection gets.
    """

    modules: dict[QuestionTypeName, tuple[EchoModule, ...]] = {
        "anomaly_detection": ("reference", "decision"),
        "defect_classification": ("reference", "knowledge", "decision"),
        "defect_localization": ("decision",),
        "defect_description": ("reference", "knowledge", "reasoning", "decision"),
        "defect_analysis": ("reference", "reasoning", "decision"),
        "object_classification": ("reference", "decision"),
        "object_analysis": ("reference", "decision"),
    }
    planning: Literal["rules", "mllm"] = "rules"
    """How a question's type is found: by its wording, or by asking the MLLM which type it is."""
    without: tuple[Literal["reference", "knowledge", "reasoning"], ...] = ()
    """Modules left out of every type, for ablations (its Table 3)."""
    references: Annotated[int, Field(ge=0, le=3)] = 1
    selection: Literal["similar", "random"] = "similar"
    retrieval: Literal["image", "text", "combined"] = "image"
    """By what the query is looked up: its image; the knowledge text nearest to it; both (text needs a CLIP encoder)."""
    encoder: str = "backbone"
    """``backbone`` (the expert's), or a CLIP model: a local folder or a hub id (Echo: openai/clip-vit-base-patch16)."""
    within_category: bool = True
    """References come from the query's own category; false: from all, as in Echo's code."""
    exact_below: Positive = 10_000
    """Memories of at most so many images are searched exactly, larger ones by HNSW."""
    knowledge: Literal["none", "domain", "condensed"] = "condensed"
    knowledge_file: Path | None = None
    """MMAD's domain_knowledge.json; None: the generator's record where the data is generated, else none."""
    condenser: str = "rule_based"
    """Who condenses: ``rule_based``, or the name of one of ``mllms``."""
    reviewed: Path | None = None
    """Folder of reviewed knowledge, DATASET/CATEGORY.json, which is used in place of a fresh condensation."""

    @field_validator("modules")
    @classmethod
    def _every_type_decides(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        missing = sorted(set(get_args(QuestionTypeName)) - set(value))
        if missing:
            raise ValueError(f"echo.modules must name every question type; missing: {', '.join(missing)}")
        undecided = sorted(kind for kind, names in value.items() if "decision" not in names)
        if undecided:
            raise ValueError(f"every question type needs the module decision; without it: {', '.join(undecided)}")
        return value
