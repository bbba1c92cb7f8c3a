from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.data.question_sets import in_form
from eagle_core.errors import ModelError
from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.mllm.parsing import defect_letter, letter_by_paper_rule, paper_rule, parse_letter, parse_open
from eagle_core.records import Question

YES_NO = DEFECT_QUESTION.options
FOUR = (("A", "Scratch."), ("B", "Hole."), ("C", "Stain."), ("D", "Crack."))
REVERSED = dataclasses.replace(DEFECT_QUESTION, options=(("A", "No."), ("B", "Yes.")))


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        (" b ", "B"),
        ("(B)", "B"),
        ("**B.**", "B"),
        ("B. No.", "B"),
        ("A) Yes", "A"),
        ("A: Yes, there is", "A"),
        ("B\nThe surface is clean.", "B"),
        ("The answer is B.", "B"),
        ("Answer: A", "A"),
        ("the correct option is (A)", "A"),
        ("Yes.", "A"),
        ("no", "B"),
        ("A defect is visible near the rim.", None),
        ("There is a defect.", None),
        ("The answer is A or the answer is B", None),
        ("C", None),
        ("", None),
        ("I cannot tell.", None),
        ("The answer is a scratch", None),
    ],
)
def test_letters_of_a_yes_no_question(text, letter):
    assert parse_letter(text, YES_NO) == letter


@pytest.mark.parametrize(("text", "letter"), [("D", "D"), ("hole", "B"), ("C. Stain.", "C"), ("E.", None)])
def test_letters_of_four_options(text, letter):
    assert parse_letter(text, FOUR) == letter


@given(st.text(max_size=60))
def test_never_a_letter_that_is_no_option(text):
    assert parse_letter(text, YES_NO) in {None, "A", "B"}


@pytest.mark.parametrize(
    ("text", "defect"),
    [("Yes", True), ("abnormal", True), ("There is no defect.", True), ("No.", False), ("normal", False)],
)
def test_the_papers_keyword_rule(text, defect):
    assert paper_rule(text) is defect


def test_letters_are_mapped_through_the_options_text():
    assert defect_letter(DEFECT_QUESTION) == "A"
    assert defect_letter(REVERSED) == "B"
    assert letter_by_paper_rule("yes", REVERSED) == "B"
    assert letter_by_paper_rule("clean", REVERSED) == "A"


def test_other_questions_have_no_defect_letter():
    kinds = dataclasses.replace(DEFECT_QUESTION, question_type="defect_classification", options=FOUR)
    assert defect_letter(kinds) is None
    assert defect_letter(dataclasses.replace(DEFECT_QUESTION, options=FOUR)) is None
    with pytest.raises(ModelError, match="yes/no questions"):
        letter_by_paper_rule("yes", kinds)


PLACES = Question("where", "defect_localization", "Where?", (("A", "Top."), ("B", "Top left.")), "B", is_open=True)
OPEN_YES_NO = in_form(REVERSED, "open", 0, "image")
STATED = in_form(REVERSED, "true_false", 0, "image")


@pytest.mark.parametrize(
    ("text", "letter"),
    [("Top left.", "B"), ("  top LEFT ", "B"), ("top", "A"), ("At the top left.", None), ("Top, or top left", None), ("B", None), ("", None)],
)
def test_an_open_answer_repeats_an_options_text_or_is_unparsed(text, letter):
    assert parse_open(text, PLACES) == letter


@pytest.mark.parametrize(
    ("text", "letter"),
    [("Yes.", "B"), ("no", "A"), ("Yes, there is a scratch.", "B"), ("No, there is no defect.", "A"), ("Yes and no", None),
     ("There is a defect.", None), ("A", None), ("Nothing", None)],
)  # fmt: skip
def test_an_open_yes_or_no_may_begin_a_sentence(text, letter):
    assert parse_open(text, OPEN_YES_NO) == letter


@given(st.text(max_size=60))
def test_an_open_answer_is_never_a_letter_that_is_no_option(text):
    assert parse_open(text, PLACES) in {None, "A", "B"}


def test_to_call_the_statement_false_is_to_see_a_defect():
    assert STATED.options == (("A", "True."), ("B", "False."))
    assert defect_letter(STATED) == "B"
    assert defect_letter(dataclasses.replace(STATED, text="The object is round.")) is None
    with pytest.raises(ModelError, match="yes/no"):
        letter_by_paper_rule("False.", STATED)
