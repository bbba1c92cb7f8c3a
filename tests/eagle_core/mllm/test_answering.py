from __future__ import annotations

import dataclasses
import math

import pytest

from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.mllm.answering import answer_from_logits, answer_from_text

REVERSED = dataclasses.replace(DEFECT_QUESTION, options=(("A", "No."), ("B", "Yes.")))


def test_p_defect_is_the_softmax_over_the_options():
    answer = answer_from_logits({"A": 1.0, "B": 0.0}, DEFECT_QUESTION)
    # e / (e + 1) = 0.7310586
    assert answer.p_defect == pytest.approx(0.7310586, abs=1e-7)
    assert (answer.status, answer.letter) == ("answered", "A")
    assert dict(answer.option_log_probabilities)["B"] == pytest.approx(math.log(1 - 0.7310586), abs=1e-6)


def test_p_defect_follows_the_text_of_the_option():
    assert answer_from_logits({"A": 1.0, "B": 0.0}, REVERSED).p_defect == pytest.approx(1 - 0.7310586, abs=1e-7)


def test_ties_go_to_the_lowest_letter():
    answer = answer_from_logits({"B": 2.0, "A": 2.0}, DEFECT_QUESTION)
    assert (answer.letter, answer.p_defect) == ("A", 0.5)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_fail(bad):
    answer = answer_from_logits({"A": bad, "B": 0.0}, DEFECT_QUESTION)
    assert (answer.status, answer.letter, answer.p_defect) == ("failed", None, None)
    assert "not finite" in answer.error


def test_other_questions_have_no_p_defect():
    kinds = dataclasses.replace(
        DEFECT_QUESTION, question_type="defect_classification", options=(("A", "Hole."), ("B", "Stain."))
    )
    assert answer_from_logits({"A": 1.0, "B": 0.0}, kinds).p_defect is None


def test_unparsed_text_is_kept_and_not_guessed():
    answer = answer_from_text("Hard to say.", DEFECT_QUESTION, "generate")
    assert (answer.status, answer.letter, answer.text) == ("unparsed", None, "Hard to say.")


def test_paper_rule_reads_no_defect_as_a_defect():
    assert answer_from_text("There is no defect.", DEFECT_QUESTION, "paper").letter == "A"
    assert answer_from_text("B", DEFECT_QUESTION, "paper").letter == "B"
