"""Lines of text to read: what they say, ask and tell is consistent, and they are rendered as at inference."""

from __future__ import annotations

import re
from typing import get_args

import numpy as np
import pytest

from eagle_core.data.scene import DEFECT_KINDS
from eagle_core.records import QuestionType
from eagle_core.training.alignment.architecture import build_aligned_processor
from eagle_core.training.reading.encoding import line_encoder
from eagle_core.training.reading.knowledge import FACTUAL, kinds_of_options
from eagle_core.training.reading.lines import draw_line, draw_lines, line_about
from eagle_core.training.reading.pieces import Line
from eagle_core.training.reading.scenes_in_words import (
    UNSEEN_KINDS,
    draw_question,
    draw_scene,
    exchanged_facts,
)
from eagle_core.training.towers import BACKBONES, CHOSEN
from tests.eagle_core.training.conftest import options_of, text_of


def shown_of(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces if piece.role not in ("option", "asked", "answer")).lower()


def right_option_of(line: Line) -> str:
    return options_of(line)[line.right].lower()


@pytest.mark.parametrize("kind", [k for k in get_args(QuestionType) if k != "anomaly_detection"])
@pytest.mark.parametrize("own_facts", [False, True])
def test_the_right_option_is_what_the_line_says_and_no_other_is(kind: QuestionType, own_facts: bool) -> None:
    read = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        told = draw_scene(rng, own_facts=own_facts)
        if told.scene.defect is None and kind.startswith("defect"):
            continue
        line = line_about(told, draw_question(told, rng, kind), rng, 1.0, as_prompt=seed % 2 == 0)
        query = shown_of(line).split("query image:")[-1]
        said = [option.removesuffix(".").lower() for option in options_of(line)]
        right = said.pop(line.right)
        if kind in FACTUAL and not told.has_own_facts and right not in query:
            continue  # to be remembered
        read += 1
        assert re.search(rf"\b{re.escape(right)}\b", shown_of(line))
        if kind not in FACTUAL or not own_facts:  # knowledge names other kinds' looks too
            # "top" is part of "top left": the longer of two places is what is meant.
            assert not any(f" {word}." in query.replace(right, "") for word in said if word not in right)
    assert read > 12


def test_own_facts_are_told_by_knowledge_and_by_nothing_else() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        told = draw_scene(rng, own_facts=True)
        if told.scene.defect is None:
            continue
        question = draw_question(told, rng, "defect_analysis")
        line = line_about(told, question, rng, 1.0, as_prompt=True)
        effect = told.facts[told.scene.defect.kind].effect
        assert right_option_of(line) == f"{effect}."
        kind = told.scene.defect.kind
        sentences = f"the {kind} appears as {told.facts[kind].appearance}. as an effect, {effect}."
        assert f"<{kind}> {sentences}" in shown_of(line) or f"{kind}: {sentences}" in shown_of(line)
        assert effect not in shown_of(line).replace(sentences, "")
        without = line_about(told, question, rng, 1.0, as_prompt=True, knowledge=())
        assert effect not in shown_of(without)
        assert told.facts[kind].appearance not in shown_of(without), "beside it the kind need not be known"
        assert right_option_of(without) == right_option_of(line)


def test_exchanged_facts_leave_no_kind_its_own_look_or_effect() -> None:
    for seed in range(40):
        facts = exchanged_facts(np.random.default_rng(seed))
        assert sorted(known.appearance for known in facts.values()) == sorted(DEFECT_KINDS[kind].appearance for kind in facts)
        assert not [kind for kind, known in facts.items() if known.appearance == DEFECT_KINDS[kind].appearance]
        assert not [kind for kind, known in facts.items() if known.effect == DEFECT_KINDS[kind].effect]


def test_lines_have_the_tokens_of_their_whole_text(tokenizer) -> None:  # type: ignore[no-untyped-def]
    encode = line_encoder(tokenizer)
    for seed in range(8):
        for line in draw_lines(np.random.default_rng(seed), 1.0, 1024):
            [ids], [asked_at] = (batch := encode([line])).input_ids.tolist(), batch.asked_at.tolist()
            asked = "".join(piece.text for piece in line.pieces if piece.role != "answer")
            assert ids[: asked_at + 1] == tokenizer(asked, add_special_tokens=False)["input_ids"]


def test_training_never_names_the_unseen_kinds() -> None:
    for seed in range(120):
        rng = np.random.default_rng(seed)
        line = draw_line(rng, 1.0, as_prompt=seed % 3 == 0, with_knowledge=seed % 2 == 0)
        for kind in UNSEEN_KINDS:
            assert kind not in text_of(line).lower()
            assert DEFECT_KINDS[kind].appearance not in text_of(line).lower()
            assert DEFECT_KINDS[kind].effect not in text_of(line).lower()


def test_a_real_prompt_is_rendered_as_at_inference(tokenizer) -> None:  # type: ignore[no-untyped-def]
    """Words between the marks of an image; all else is what the processor's chat template writes."""
    line = draw_line(np.random.default_rng(3), 1.0, as_prompt=True, with_knowledge=False)
    asked = "".join(piece.text for piece in line.pieces[:-1])
    system = re.search(r"system\n(.*?)<\|im_end\|>", asked, re.DOTALL)
    assert system
    user = asked.split("<|im_start|>user\n")[1].split("<|im_end|>")[0]
    content: list[dict[str, str]] = []
    for part in re.split(r"(<\|vision_start\|>.*?<\|vision_end\|>)", user):
        content.append({"type": "image"} if part.startswith("<|vision_start|>") else {"type": "text", "text": part})
    chat = [{"role": "system", "content": system[1]}, {"role": "user", "content": content}]
    rendered = build_aligned_processor(tokenizer, BACKBONES[CHOSEN]).apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    assert re.sub(r"(<\|vision_start\|>).*?(<\|vision_end\|>)", r"\1<|image_pad|>\2", asked) == rendered


@pytest.mark.parametrize("asked", FACTUAL)
@pytest.mark.parametrize("made_up", [False, True])
def test_knowledge_tells_of_every_option_so_that_preferring_what_is_told_is_no_help(asked: QuestionType, made_up: bool) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        told = draw_scene(rng, own_facts=True, defective=True, made_up=made_up)
        assert told.scene.defect is not None
        question = draw_question(told, rng, asked)
        line = line_about(told, question, rng, 1.0, as_prompt=True)
        sentences = [piece.text.lower() for piece in line.pieces if piece.role in ("told", "holds_answer")]
        for option in options_of(line):
            assert sum(option.lower() in sentence for sentence in sentences) == 1
        [holds] = [piece.text for piece in line.pieces if piece.role == "holds_answer"]
        assert right_option_of(line) in holds.lower()
        assert told.scene.defect.kind in kinds_of_options(told, question) and len(kinds_of_options(told, question)) == 4
        assert made_up == (told.scene.defect.kind not in DEFECT_KINDS)
        assert [piece.text for piece in line.pieces if piece.role == "kind"] == [f" {told.scene.defect.kind}"]
