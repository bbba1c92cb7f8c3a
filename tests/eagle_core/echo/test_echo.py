"""Echo: which modules speak, in which order, and what they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from eagle_core.config import EagleConfig
from eagle_core.data.questions import questions_for
from eagle_core.data.scene import DEFECT_KINDS, DefectRecord, SceneRecord
from eagle_core.echo.knowledge import (
    NORMAL,
    Knowledge,
    condensed_by_rule,
    knowledge_of,
    knowledge_of_generated,
)
from eagle_core.echo.modules import (
    DecisionMaker,
    Inquiry,
    KnowledgeGuide,
    ReasoningExpert,
    ReferenceExtractor,
)
from eagle_core.echo.planning import plan_by_rules, question_type_of
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.methods import echo
from eagle_core.records import ExpertPrediction, ImagePart, Question, TextPart, Threshold
from eagle_core.retrieval.memory import ImageMemory, MemoryEntry

QUERY = Image.new("RGB", (56, 56), (90, 120, 150))
REFERENCES = {f"ring/train/{i}.png": Image.new("RGB", (56, 56), (10 * i, 0, 0)) for i in range(4)}
TYPES = tuple(EagleConfig.model_validate({"datasets": {"d": {"root": "x"}}}).echo.modules)
THRESHOLD = Threshold(3.0, 3.5, "kappa_sigma", 1.8, 0.4, 2.9, 3.2, 0.02, (1.0, 2.0, 3.5))


def configured(**sections: dict) -> EagleConfig:
    return EagleConfig.model_validate({"datasets": {"d": {"root": "x"}}} | sections)


def modules(references: int = 1) -> echo.Echo:
    memory = ImageMemory.build(
        [MemoryEntry(name, "ring") for name in REFERENCES], np.eye(4, dtype=np.float32), exact_below=10
    )
    return echo.Echo(
        ReferenceExtractor(memory, lambda entry: REFERENCES[entry.entry_id], references),
        KnowledgeGuide(lambda inquiry: "Scratch: a thin straight line."),
        ReasoningExpert(references),
        DecisionMaker(),
        plan_by_rules,
    )


def inquiry(question: Question = DEFECT_QUESTION) -> Inquiry:
    embedding = np.array([0.0, 0.6, 0.8, 0.0], dtype=np.float32)
    return Inquiry("ring/test/0.png", "ring", QUERY, embedding, question)


def asked(kind: str) -> Question:
    defect = DefectRecord("scratch", "top", "slight", 0.1, (0, 0, 1, 1))
    scene = SceneRecord("ring", "ring", "object", "grey", defect)
    names, colors = ("ring", "plate", "nut", "gear"), ("grey", "red", "blue", "green")
    rng = np.random.default_rng(0)
    return next(q for q in questions_for(scene, names, colors, rng) if q.question_type == kind)


@pytest.mark.parametrize("kind", TYPES)
def test_the_type_is_found_from_the_wording(kind: str) -> None:
    assert question_type_of(asked(kind).text) == kind


@pytest.mark.parametrize("kind", TYPES)
def test_the_modules_of_the_mapping_speak_and_no_others(kind: str) -> None:
    config = configured()
    plan = echo.plan(modules(), inquiry(asked(kind)), config)
    said = {part.role for part in plan.prompt.parts}
    chosen = config.echo.modules[kind]  # type: ignore[index]
    assert ("template" in said) == ("reference" in chosen)
    assert ("knowledge" in said) == ("knowledge" in chosen)
    assert ("reasoning" in said) == ("reasoning" in chosen)
    assert {"instruction", "question"} <= said
    assert plan.prompt.parts[-1] == TextPart("question", plan.prompt.parts[-1].text)  # type: ignore[union-attr]
    assert plan.guidance is None and plan.attention.alpha == 0


def test_detection_is_the_one_shot_prompt_with_the_retrieved_reference() -> None:
    plan = echo.plan(modules(), inquiry(), configured())
    assert plan.template_ids == ("ring/train/2.png",)
    assert plan.prompt == build_prompt(DEFECT_QUESTION, QUERY, templates=[REFERENCES["ring/train/2.png"]])


def test_localization_is_the_bare_mllm() -> None:
    question = asked("defect_localization")
    assert echo.plan(modules(), inquiry(question), configured()).prompt == build_prompt(question, QUERY)


def test_with_eagle_the_prior_the_boxes_and_the_guidance_are_eagles() -> None:
    grid = np.full((7, 7), 0.5, dtype=np.float32)
    grid[1, 2] = 3.2
    prediction = ExpertPrediction("ring/test/0.png", 3.2, grid, QUERY.size, np.ones(1, np.float32))
    plan = echo.plan(modules(), inquiry(), configured(), prediction=prediction, threshold=THRESHOLD, with_eagle=True)
    roles = [part.role for part in plan.prompt.parts]
    assert roles == ["caption", "template", "caption", "query", "caption", "boxed_query", "prior", "box_sentence",
                     "instruction", "question"]
    assert plan.attention.alpha == 0.6
    assert "red bounding boxes" in plan.prompt.system
    with pytest.raises(ConfigurationError, match="eagle_echo"):
        echo.plan(modules(), inquiry(), configured(), with_eagle=True)


def test_references_come_most_similar_first() -> None:
    plan = echo.plan(modules(3), inquiry(), configured())
    assert plan.template_ids == ("ring/train/2.png", "ring/train/1.png", "ring/train/0.png")
    shown = [part.image.getpixel((0, 0))[0] for part in plan.prompt.parts if isinstance(part, ImagePart)]
    assert shown == [20, 10, 0, 90]
    assert echo.plan(modules(0), inquiry(), configured()).prompt == build_prompt(DEFECT_QUESTION, QUERY)


def test_a_mapping_must_name_every_type_and_decide() -> None:
    with pytest.raises(ValidationError, match="missing: .*object_analysis"):
        configured(echo={"modules": {"anomaly_detection": ["decision"]}})
    whole = {kind: ["decision"] for kind in TYPES} | {"defect_analysis": ["reasoning"]}
    with pytest.raises(ValidationError, match="without it: defect_analysis"):
        configured(echo={"modules": whole})


def test_a_generated_categorys_knowledge_holds_every_kind_and_condenses_to_what_is_asked() -> None:
    kinds = ("scratch", "stain", "missing part")
    knowledge = knowledge_of_generated("ring", "ring", "grey", kinds)
    assert knowledge.source == "generator_record"
    assert set(knowledge.by_kind) == {NORMAL, *kinds}
    named = condensed_by_rule(knowledge, "defect_classification")
    assert all(DEFECT_KINDS[kind].appearance in named for kind in kinds)
    assert "Normal Characteristics" not in named
    assert "mainly grey" in condensed_by_rule(knowledge, "anomaly_detection")


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=200), max_size=4), st.sampled_from(TYPES))
def test_condensing_never_invents_a_sentence(texts: dict[str, str], kind: str) -> None:
    condensed = condensed_by_rule(Knowledge("p", texts, "domain"), kind)  # type: ignore[arg-type]
    known = "".join("".join(t.split()) for t in [*texts, *texts.values()]).replace("_", "") + ":"
    assert set("".join(condensed.split()).replace("_", "")) <= set(known)


def test_mmads_own_knowledge_condenses_for_every_product_and_type(real_data: Path) -> None:
    path = real_data / "mmad" / "domain_knowledge.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    for dataset, products in stored.items():
        for product in products:
            knowledge = knowledge_of(stored, dataset, product)
            for kind in TYPES:
                condensed = condensed_by_rule(knowledge, kind)
                assert 0 < len(condensed) < len(knowledge.whole()) or len(knowledge.by_kind) == 1
    with pytest.raises(DataError, match="nothing about 'unicorn'"):
        knowledge_of(stored, "MVTec", "unicorn")
