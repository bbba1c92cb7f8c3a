"""The model that ships with the package: it loads offline, answers, and CAAS reaches it."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import MllmConfig
from eagle_core.data.questions import questions_for
from eagle_core.echo.knowledge import known_defect
from eagle_core.echo.modules import KnowledgeGuide
from eagle_core.errors import ModelError
from eagle_core.guidance.prompt import build_prompt
from eagle_core.mllm.letters import letter_tokens
from eagle_core.mllm.loading import load_model
from eagle_core.mllm.model_files import EMBEDDED, embedded_folder
from eagle_core.mllm.parsing import parse_open
from eagle_core.records import AttentionGuidance, Prompt
from eagle_core.training.images import draw_images
from eagle_core.training.reading.knowledge import FACTUAL, kinds_of_options
from eagle_core.training.reading.scenes_in_words import SceneInWords, exchanged_facts, sentences_of
from eagle_core.training.scenes.canvas import COLOR_WORDS
from eagle_core.training.scenes.categories import SEEN_PRODUCT_NAMES
from tests.conftest import skip_or_fail
from tests.tiny.prompts import bare_prompt, eagle_prompt, short_prompt

PROMPTS = [eagle_prompt(), short_prompt(), bare_prompt()]


@pytest.fixture(scope="module")
def embedded():
    if not (embedded_folder() / "config.json").is_file():
        skip_or_fail("eagle_core/assets/mllm holds no trained model")
    return load_model(MllmConfig())


def test_it_is_a_class_of_transformers(embedded):
    assert type(embedded.model).__name__ == "FastVlmForConditionalGeneration"
    assert embedded.name == "embedded" and embedded.fingerprint.startswith("sha256:")


def test_letters_cover_most_of_the_first_token(embedded):
    """A trained model answers with a letter, even about noise of odd shapes, which it never saw."""
    batch = embedded.encode(PROMPTS)
    with torch.inference_mode():
        logits = embedded.model(**batch.inputs, logits_to_keep=1).logits[:, -1].softmax(-1)
    letters = letter_tokens(embedded.processor.tokenizer, batch.rendered[0], ["A", "B", "C", "D"])
    assert (logits[:, list(letters.values())].sum(-1) > 0.95).all()


def test_it_answers_and_guidance_moves_exactly_the_guided_answers(embedded):
    stock = embedded.answer(PROMPTS)
    assert all(a.status == "answered" and math.isfinite(a.p_defect) for a in stock)
    guidance = [AttentionGuidance(0.6), AttentionGuidance(), AttentionGuidance(0.6)]
    guided = embedded.answer(PROMPTS, guidance, AttentionSettings())
    assert [a.p_defect != b.p_defect for a, b in zip(stock, guided, strict=True)] == [True, False, True]


def test_generated_letters_agree_with_the_logits(embedded):
    for text, answer in zip(embedded.generate(PROMPTS, max_new_tokens=4), embedded.answer(PROMPTS), strict=True):
        assert text.strip()[:1] == answer.letter


def test_every_embedded_model_loads_and_none_is_another_ones_copy():
    models = [load_model(MllmConfig(model=name)) for name in EMBEDDED]
    assert [model.name for model in models] == list(EMBEDDED)
    assert len({model.fingerprint for model in models}) == len(EMBEDDED)
    answers = [model.answer([PROMPTS[0]])[0].p_defect for model in models]
    assert len(set(answers)) == len(EMBEDDED)
    towers = [model.model.model.vision_tower.timm_model.network.state_dict() for model in models]
    for tower in towers[1:]:
        assert all(torch.equal(tower[key], value) for key, value in towers[0].items()), "the backbone is shared"


@pytest.mark.slow
def test_knowledge_exchanged_between_two_kinds_exchanges_the_answer(embedded):
    """Of categories that no training drew: the same image, question and options; only what is told about two kinds differs."""
    data = draw_images(31, 24)
    asked: list[tuple[Prompt, str]] = []
    for number, (_, scene) in enumerate(data.scenes):
        rng = np.random.default_rng([31, number])
        facts = exchanged_facts(rng)
        told = SceneInWords(scene, sentences_of(scene, facts), facts, True)
        for question in (q for q in questions_for(scene, SEEN_PRODUCT_NAMES, tuple(COLOR_WORDS), rng, facts) if q.question_type in FACTUAL):
            kinds = kinds_of_options(told, question)
            own, other = scene.defect.kind, next(kind for kind in kinds if kind != scene.defect.kind)
            exchanged = {**facts, own: facts[other], other: facts[own]}
            for known in (facts, exchanged):
                text = "\n".join(known_defect(kind, known[kind]) for kind in kinds)
                [knowledge] = KnowledgeGuide(lambda _, text=text: text).contribute(None).parts
                images = (Image.fromarray(array[number]) for array in (data.defectives, data.templates))
                prompt = build_prompt(question, next(images), templates=[next(images)])
                at = next(i for i, part in enumerate(prompt.parts) if part.role == "instruction")
                prompt = dataclasses.replace(prompt, parts=(*prompt.parts[:at], knowledge, *prompt.parts[at:]))
                said = known[own].appearance if question.question_type == "defect_description" else known[own].effect
                asked.append((prompt, next(letter for letter, words in question.options if words.lower() == f"{said}.".lower())))
    right = np.array([answer.letter == letter for answer, (_, letter) in zip(embedded.answer([p for p, _ in asked]), asked, strict=True)])
    before, after = right[::2], right[1::2]
    assert len(before) == 48 and before.mean() > 0.45 and after.mean() > 0.45, "chance is 0.25: every option's kind is told"
    assert (before & after).mean() > 0.3, "whoever does not read the knowledge gives the same answer twice, and is never right twice"


def test_the_record_of_training_says_how_reliable_priors_were():
    recorded = {
        name: json.loads((embedded_folder(name) / "training.json").read_text())["prior_reliability"]
        for name in EMBEDDED
    }
    assert recorded.pop("embedded-control") == 0.5
    assert set(recorded.values()) == {0.88}


def test_an_open_question_is_answered_in_words_that_are_compared_with_the_options(embedded):
    """Whatever is configured; this model only says letters, which are no option's text."""
    opened = [dataclasses.replace(p, question=dataclasses.replace(p.question, is_open=True)) for p in PROMPTS]
    answers = embedded.answer(opened)
    assert [a.text for a in answers] == embedded.generate(opened, max_new_tokens=32)
    assert all(a.p_defect is None and a.letter == parse_open(a.text, p.question) for a, p in zip(answers, opened, strict=True))
    with pytest.raises(ModelError, match="calls of their own"):
        embedded.answer([PROMPTS[0], opened[0]])
