"""Decision Planning by an MLLM: one question for each wording, its answer decides, no answer is no type."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eagle_core.config import MllmConfig
from eagle_core.echo.mllm_planning import TYPES, MllmPlanner
from eagle_core.errors import DataError
from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.mllm.loading import load_model
from eagle_core.records import Answer


class Scripted:
    """A chat model that gives prepared letters and keeps what it was asked."""

    name = fingerprint = "scripted"
    depth = None

    def __init__(self, *letters):
        self._letters, self.prompts = list(letters), []

    def answer(self, prompts, guidance=None, settings=None):
        self.prompts += prompts
        letters = [self._letters.pop(0) for _ in prompts]
        return [Answer("answered" if letter else "unparsed", letter, None, text=letter or "Hm.") for letter in letters]


def worded(text):
    return replace(DEFECT_QUESTION, text=text)


def test_the_named_type_is_taken_and_each_wording_is_asked_once():
    model = Scripted("C", "A")
    planner = MllmPlanner(model)
    assert planner(worded("Where is it?")) == "defect_localization"
    assert planner(worded("Where is it?")) == "defect_localization"
    assert planner(worded("Is it flawless?")) == "anomaly_detection"
    assert len(model.prompts) == 2
    assert "Where is it?" in model.prompts[0].text
    assert all(meaning in model.prompts[0].text for _, meaning in TYPES)


def test_an_answer_without_a_type_is_a_fault_of_that_question():
    with pytest.raises(DataError, match=r"'Hm\.' names no type .*'Where is it\?'"):
        MllmPlanner(Scripted(None))(worded("Where is it?"))


def test_a_real_model_can_be_asked():
    planner = MllmPlanner(load_model(MllmConfig()))
    assert planner(DEFECT_QUESTION) in {kind for kind, _ in TYPES}
