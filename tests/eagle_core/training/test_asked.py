"""What the instruction stage asks: prompts are the real ones, answers are true, priors are right as often as they should be."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from eagle_core.data.scene import DEFECT_KINDS, SceneRecord
from eagle_core.guidance.explanation import explanation_of, explanation_prompt
from eagle_core.guidance.prompt import (
    ANOMALOUS_PRIOR,
    BOX_SENTENCE,
    DEFECT_QUESTION,
    NORMAL_PRIOR,
    OPEN_INSTRUCTION,
    build_prompt,
)
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.free_text.cleaning import plain
from eagle_core.mllm.inputs import render
from eagle_core.records import NO_DEFECT_STATEMENT, Question
from eagle_core.training.alignment.architecture import build_aligned_processor
from eagle_core.training.images import TrainingImages
from eagle_core.training.instruction.asked import IMAGE, draw_asked, draw_questions_about
from eagle_core.training.instruction.stage import looks_at_defect, query_at
from eagle_core.training.reading.encoding import line_encoder
from eagle_core.training.reading.knowledge import FACTUAL
from eagle_core.training.reading.lines import prompt_pieces
from eagle_core.training.reading.pieces import Line, Piece
from eagle_core.training.reading.scenes_in_words import UNSEEN_KINDS
from eagle_core.training.scenes.categories import HELD_OUT_OBJECTS, HELD_OUT_TEXTURES, SILHOUETTES, SURFACES
from eagle_core.training.shown import PLACEHOLDER
from eagle_core.training.towers import BACKBONES, CHOSEN

TOKENS = 4


def text_of(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces if piece.role != "answer")


def holds_name(line: Line) -> str:
    """The kind, as knowledge names it, whose sentence holds the answer."""
    name = ""
    for piece in line.pieces:
        name = piece.text.strip() if piece.role == "named" else name
        if piece.role == "holds_answer":
            return name
    raise AssertionError("nothing holds the answer")


def batches(data: TrainingImages, count: int):  # type: ignore[no-untyped-def]
    return [draw_asked(data.scenes, np.random.default_rng(seed), 6, tokens=TOKENS, prior_reliability=0.88) for seed in range(count)]


def test_a_prompt_is_the_one_that_the_pipeline_renders(data: TrainingImages, tokenizer) -> None:  # type: ignore[no-untyped-def]
    processor = build_aligned_processor(tokenizer, BACKBONES[CHOSEN])
    cues = {"templates": [PLACEHOLDER], "predicted_anomalous": True, "boxed_query": PLACEHOLDER}
    for prompt in (build_prompt(DEFECT_QUESTION, PLACEHOLDER, **cues), explanation_prompt(PLACEHOLDER, **cues)):
        written = "".join(piece.text for piece in prompt_pieces(prompt, lambda _: IMAGE))
        assert written == render(prompt, processor, FAMILIES["fast_vlm"])


def test_answers_are_true_and_images_stand_at_the_same_tokens_in_a_batch(data: TrainingImages, tokenizer) -> None:  # type: ignore[no-untyped-def]
    encode = line_encoder(tokenizer)
    image = tokenizer(IMAGE, add_special_tokens=False)["input_ids"][0]
    seen_types = set()
    for asked in batches(data, 120):
        batch = encode([one.line for one in asked])
        before = sum(name == "template" for name in asked[0].images)
        for row, one in enumerate(asked):
            scene = data.scenes[one.category][int(one.defective)]
            assert (scene.defect is not None) == one.defective and one.images[before].split("_")[0] == ("defective" if one.defective else "normal")
            at = torch.nonzero(batch.input_ids[row] == image)[:, 0]
            assert len(at) == TOKENS * len(one.images) and int(at[before * TOKENS]) == query_at(batch, image, TOKENS, before)
            seen_types.add(sort_of_true_answer(one.line, scene))
            text = text_of(one.line)
            assert tokenizer(text, add_special_tokens=False)["input_ids"] == batch.input_ids[row, : int(batch.asked_at[row]) + 1].tolist()
            assert one.about_defect != ("main color" in text or "What is the object" in text)
    assert seen_types == {
        "explanation", "stated", "open", "knowledge", "unfamiliar", "unfamiliar and true", "others unfamiliar", "facts",
    }  # fmt: skip


def sort_of_true_answer(line: Line, scene: SceneRecord) -> str:
    """What kind of prompt it is; fails if its answer is not true."""
    text, answer = text_of(line), line.pieces[-1].text
    options = [piece.text[4:] for piece in line.pieces if piece.role == "option"]
    if NO_DEFECT_STATEMENT in text or "Proposed answer: " in text:
        proposed = text.partition("Proposed answer: ")[2].partition(" Is the proposed answer true?")[0]
        true = bool(true_words(text, scene) & {plain(proposed)}) if proposed else scene.defect is None
        assert options == ["True.", "False."] and answer == "AB"[line.right] == ("A" if true else "B")
        return "stated"
    if line.right >= 0 and "Following is knowledge" in text and ("What is the appearance" in text or "What is the effect" in text):
        return sort_of_knowledge(line, scene, plain(options[line.right]))
    if OPEN_INSTRUCTION in text and answer != explanation_of(scene):
        assert not options and plain(answer) in true_words(text, scene)
        return "open"
    if line.right < 0:
        assert answer == explanation_of(scene)
        return "explanation"
    assert plain(options[line.right]) in true_words(text, scene)
    return "facts"


def true_words(text: str, scene: SceneRecord) -> set[str]:
    """What may be answered to the question in ``text``."""
    if "main color" in text:
        return {scene.color}
    if "What is the object" in text:
        return {scene.object_name}
    if "Is there any" in text:
        return {"yes" if scene.defect else "no"}
    assert scene.defect is not None
    if "type of the defect" in text:
        return {scene.defect.kind}
    if "Where is" in text:
        return {scene.defect.place}
    return {plain(DEFECT_KINDS[scene.defect.kind].appearance), plain(DEFECT_KINDS[scene.defect.kind].effect)}


def sort_of_knowledge(line: Line, scene: SceneRecord, right: str) -> str:
    [holds] = [plain(piece.text) for piece in line.pieces if piece.role == "holds_answer"]
    named = {piece.text.strip() for piece in line.pieces if piece.role == "named"}
    assert scene.defect is not None and right in holds
    own, is_true = holds_name(line), right in true_words(text_of(line), scene)
    if own == scene.defect.kind:
        return "others unfamiliar" if named - {*DEFECT_KINDS} else "knowledge"
    assert scene.defect.kind not in named and own not in DEFECT_KINDS
    return "unfamiliar and true" if is_true else "unfamiliar"


@pytest.mark.parametrize(("of_category", "options_told"), [(False, 4.0), (True, 3.5)])
def test_neither_an_unfamiliar_name_nor_being_told_of_is_a_sign_of_the_right_option(
    data: TrainingImages, monkeypatch: pytest.MonkeyPatch, of_category: bool, options_told: float
) -> None:
    """The right option is always told of, and so are two or three others; it alone has an unfamiliar name no oftener than any other of them."""
    monkeypatch.setattr("eagle_core.training.instruction.asked.OF_CATEGORY_SHARE", float(of_category))
    rng = np.random.default_rng(0)
    told, is_right, chance = [], [], []
    for _ in range(500):
        for question, pieces in draw_questions_about(data.scenes[int(rng.integers(len(data)))][1], rng, informed=True):
            if question.question_type not in FACTUAL:
                continue
            names = names_of_options(question, pieces)
            told.append(len(names))
            unfamiliar = [letter for letter, name in names.items() if name not in DEFECT_KINDS]
            if len(unfamiliar) == 1:
                is_right.append(unfamiliar[0] == question.correct_letter)
                chance.append(1 / len(names))
    assert np.mean(told) == pytest.approx(options_told, abs=0.1)
    assert len(is_right) > 150 and np.mean(is_right) == pytest.approx(np.mean(chance), abs=0.07)


def names_of_options(question: Question, pieces: tuple[Piece, ...]) -> dict[str, str]:
    """Letter -> the kind whose look or effect it is, of those that ``pieces`` tell of: name, look and effect follow each other."""
    follows = 1 if question.question_type == "defect_description" else 2
    says = {
        plain(re.split("appears as|As an effect,", pieces[i + follows].text)[1]): piece.text.strip()
        for i, piece in enumerate(pieces) if piece.role == "named"
    }  # fmt: skip
    return {letter: says[plain(text)] for letter, text in question.options if plain(text) in says}


def test_what_training_must_not_name_is_in_no_prompt(data: TrainingImages) -> None:
    never = {*UNSEEN_KINDS, *(SURFACES[name][0] for name in HELD_OUT_TEXTURES), *(SILHOUETTES[name][0] for name in HELD_OUT_OBJECTS)}
    told = " ".join(text_of(one.line).lower() for asked in batches(data, 80) for one in asked)
    assert not {name for name in never if re.search(rf"\b{name}\b", told)}


def test_priors_are_right_as_often_as_asked_for_and_boxes_follow_them(data: TrainingImages) -> None:
    right = []
    for asked in batches(data, 400):
        for one in asked:
            text = text_of(one.line)
            says = True if ANOMALOUS_PRIOR in text else False if NORMAL_PRIOR in text else None
            assert (BOX_SENTENCE in text) == one.images[-1].endswith("_boxed")
            if says is not None:
                right.append(says == one.defective)
                assert says or BOX_SENTENCE not in text
    assert len(right) > 500 and np.mean(right) == pytest.approx(0.88, abs=0.04)


def test_sentences_are_asked_for_as_eagle_asks_and_questions_in_every_form_of_prompt(data: TrainingImages) -> None:
    told, forms = [], set()
    for asked in batches(data, 400):
        one, text = asked[0], text_of(asked[0].line)
        cues = ("template" in one.images, ANOMALOUS_PRIOR in text or NORMAL_PRIOR in text, BOX_SENTENCE in text)
        forms.add(cues)
        if one.line.pieces[-1].text == explanation_of(data.scenes[one.category][int(one.defective)]):
            told.append(cues == (True, True, True))
    # 0.4 of them surely, of the others those that are drawn so and told that there is a defect.
    assert len(told) > 100 and np.mean(told) == pytest.approx(0.4 + 0.6 * (0.2 / 1.05) / 2, abs=0.1)
    assert {(True, False, False), (False, False, False), (True, True, True), (False, True, True)} <= forms


def test_only_answers_about_a_defect_are_taught_to_look_at_it(data: TrainingImages, tokenizer) -> None:  # type: ignore[no-untyped-def]
    encode = line_encoder(tokenizer)
    for asked in batches(data, 10):
        batch = encode([one.line for one in asked])
        looks = looks_at_defect(asked, batch)
        for row, one in enumerate(asked):
            assert bool(looks[row].any()) == one.about_defect
            if one.about_defect:
                assert int(torch.nonzero(looks[row])[0, 0]) == int(batch.asked_at[row])
