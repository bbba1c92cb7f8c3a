"""What is asked about generated images: true answers, balanced letters, the same on every run."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from eagle_core.config import QuestionsConfig
from eagle_core.data.demo import load_scenes
from eagle_core.data.question_sets import TRUE_FALSE, in_form, of_generated
from eagle_core.data.scene import DEFECT_KINDS
from eagle_core.guidance.prompt import DEFECT_QUESTION, instruction, question_text, system_text
from eagle_core.methods.outcome import correct_letter

TYPES = (
    "anomaly_detection", "defect_classification", "defect_localization", "defect_description", "defect_analysis",
    "object_classification", "object_analysis",
)  # fmt: skip


@pytest.fixture(scope="module")
def scenes(demo_root):
    return {path.name: load_scenes(demo_root, path.name) for path in sorted(demo_root.iterdir()) if path.is_dir()}


def made(scenes, form="multiple_choice", seed=0, types=TYPES):
    every = [scene for mine in scenes.values() for scene in mine.values()]
    config = QuestionsConfig(types=types, form=form)
    return {i: q for mine in scenes.values() for i, q in of_generated(mine, every, config, seed).items()}


def test_the_right_letter_says_what_the_record_says(scenes):
    questions = made(scenes)
    for category in scenes.values():
        for image, scene in category.items():
            said = {q.question_type: dict(q.options)[q.correct_letter].rstrip(".").lower() for q in questions[image]}
            assert said["object_classification"] == scene.object_name.lower()
            assert said["object_analysis"] == scene.color.lower()
            if scene.defect is None:
                assert len(said) == 2
                continue
            facts = DEFECT_KINDS[scene.defect.kind]
            assert said["defect_classification"] == scene.defect.kind
            assert said["defect_localization"] == scene.defect.place
            assert said["defect_description"] == facts.appearance.lower()
            assert said["defect_analysis"] == facts.effect.lower()


def test_letters_give_nothing_away(scenes):
    letters = Counter(q.correct_letter for mine in made(scenes).values() for q in mine)
    total = sum(letters.values())
    assert set(letters) == set("ABCD")
    assert all(abs(count / total - 0.25) < 0.05 for count in letters.values())


def test_all_that_knowledge_tells_of_a_category_are_options_so_that_being_told_of_is_no_sign(scenes):
    questions = made(scenes)
    for category in scenes.values():
        kinds = {scene.defect.kind for scene in category.values() if scene.defect}
        told = {
            "defect_classification": kinds,
            "defect_description": {DEFECT_KINDS[kind].appearance.lower() for kind in kinds},
            "defect_analysis": {DEFECT_KINDS[kind].effect.lower() for kind in kinds},
        }
        assert len(kinds) == 3
        for image in category:
            for question in questions[image]:
                options = {text.rstrip(".").lower() for _, text in question.options}
                assert len(told.get(question.question_type, options) & options) >= 3


def test_the_same_seed_asks_the_same_and_another_does_not(scenes):
    assert made(scenes) == made(scenes)
    assert made(scenes) != made(scenes, seed=1)


def test_only_what_is_wanted_is_asked(scenes):
    kinds = {q.question_type for mine in made(scenes, types=("defect_localization",)).values() for q in mine}
    assert kinds == {"defect_localization"}


def test_statements_are_true_half_of_the_time_and_true_ones_are_true(scenes):
    choices, statements = made(scenes), made(scenes, form="true_false")
    true = total = 0
    for image, mine in statements.items():
        for question, original in zip(mine, choices[image], strict=True):
            assert question.options == TRUE_FALSE
            right = dict(original.options)[original.correct_letter]
            stated = question.text.partition("Proposed answer: ")[2].removesuffix(" Is the proposed answer true?")
            assert (question.correct_letter == "A") == (stated == right)
            true, total = true + (question.correct_letter == "A"), total + 1
    assert abs(true / total - 0.5) < 0.05


@pytest.mark.parametrize(("defective", "right"), [(True, "B"), (False, "A"), (None, None)])
def test_whether_there_is_a_defect_becomes_the_statement_that_there_is_none(defective, right):
    stated = in_form(DEFECT_QUESTION, "true_false", 0, "image")
    assert stated.text.startswith("The query image contains no anomalies or defects compared to the normal sample.")
    assert stated.options == TRUE_FALSE
    assert correct_letter(stated, defective) == right
    if defective is not None:
        yes_is_b = dataclasses.replace(
            DEFECT_QUESTION, options=(("A", "No."), ("B", "Yes.")), correct_letter="B" if defective else "A"
        )
        assert in_form(yes_is_b, "true_false", 0, "image").correct_letter == right


def test_an_open_question_shows_no_options(scenes):
    choices, opened = made(scenes), made(scenes, form="open")
    for image, mine in opened.items():
        for question, original in zip(mine, choices[image], strict=True):
            assert (question.text, question.options, question.correct_letter) == (
                original.text, original.options, original.correct_letter,
            )  # fmt: skip
            assert question_text(question) == original.text != question_text(original)
            assert "letter" not in instruction(question) + system_text(1, boxed=False, is_open=True)
