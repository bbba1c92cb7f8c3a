"""Records that come of an answer, an expert or a failure; verdicts by the option's text; the prompt's hash."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest

from eagle_core.attention.settings import AttentionSettings
from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.methods import eagle, expert
from eagle_core.methods.outcome import (
    correct_letter,
    expert_record,
    failed_record,
    prompt_sha256,
    record_of,
    verdict_of,
)
from eagle_core.records import (
    Answer,
    Question,
    Sample,
)
from tests.eagle_core.methods.planned import (
    CLEAR,
    NORMAL,
    QUERY,
    S_MAX,
    TAU,
    TEMPLATE,
    THRESHOLD,
    UNSURE,
    configured,
    planned,
    prediction,
)


def test_the_experts_verdict_is_closed_at_tau() -> None:
    assert expert.verdict(prediction(TAU), THRESHOLD)
    assert not expert.verdict(prediction(np.nextafter(TAU, 0)), THRESHOLD)


SAMPLE = Sample("demo", "d", "d/test/1.png", None, "test", True, "hole")  # type: ignore[arg-type]


def test_a_record_says_what_was_asked_and_answered() -> None:
    plan = planned("eagle", UNSURE)
    answer = Answer("answered", "A", 0.7, (("A", -0.36), ("B", -1.2)))
    record = record_of(
        sample=SAMPLE,
        mllm="tiny",
        method="eagle",
        threshold=THRESHOLD,
        prediction=prediction(UNSURE),
        plan=plan,
        answer=answer,
        attention=AttentionSettings(),
        depth=28,
    )
    assert (record.alpha, record.beta, record.attention_mode, record.layers) == (
        0.6,
        0.0,
        "logits",
        tuple(range(9, 16)),
    )
    assert (record.expert_score, record.tau, record.s_max, record.expert_verdict) == (
        UNSURE,
        TAU,
        S_MAX,
        True,
    )
    assert (
        record.gate_open and record.boxes == plan.guidance.boxes and record.template_ids == ("train/7.png",)
    )
    assert (record.verdict_defective, record.p_defect, record.answer_letter, record.correct_letter) == (
        True,
        0.7,
        "A",
        "A",
    )
    closed = record_of(
        sample=SAMPLE,
        mllm="tiny",
        method="eagle",
        threshold=THRESHOLD,
        prediction=prediction(CLEAR),
        plan=planned("eagle", CLEAR),
        answer=answer,
        attention=AttentionSettings(),
        depth=28,
    )
    assert (closed.alpha, closed.attention_mode, closed.layers) == (0.0, None, ())


def test_the_experts_own_record() -> None:
    guidance = expert.guide(prediction(UNSURE), THRESHOLD, configured())
    record = expert_record(
        sample=SAMPLE, prediction=prediction(UNSURE), threshold=THRESHOLD, guidance=guidance
    )
    assert (record.method, record.mllm, record.question_id, record.status) == (
        "expert",
        "none",
        "defect",
        "not_asked",
    )
    assert record.verdict_defective and record.expert_verdict and record.p_defect is None and record.boxes


def test_a_failure_is_a_row_without_a_verdict() -> None:
    record = failed_record(
        sample=SAMPLE, mllm="tiny", method="eagle", threshold=THRESHOLD, error="1.png: damaged"
    )
    assert (record.status, record.verdict_defective, record.error) == ("failed", None, "1.png: damaged")


SWAPPED = Question("q", "anomaly_detection", "Any defect?", (("A", "No."), ("B", "Yes.")))


@pytest.mark.parametrize(
    ("answer", "question", "expected"),
    [
        (Answer("answered", "A", 0.5), DEFECT_QUESTION, True),
        (Answer("answered", "B", 0.49), DEFECT_QUESTION, False),
        (Answer("answered", "A", None), DEFECT_QUESTION, True),
        (Answer("answered", "A", None), SWAPPED, False),
        (Answer("answered", "B", None), SWAPPED, True),
        (Answer("unparsed", None, None), DEFECT_QUESTION, None),
        (Answer("failed", None, None), DEFECT_QUESTION, None),
        (Answer("answered", "A", None), dataclasses.replace(SWAPPED, question_type="object_analysis"), None),
    ],
)
def test_verdicts_go_through_the_option_text(answer, question, expected) -> None:
    assert verdict_of(answer, question) is expected


def test_correct_letters() -> None:
    assert [correct_letter(DEFECT_QUESTION, label) for label in (True, False, None)] == ["A", "B", None]
    assert [correct_letter(SWAPPED, label) for label in (True, False)] == ["B", "A"]
    assert correct_letter(dataclasses.replace(SWAPPED, correct_letter="A"), True) == "A"
    with_kinds = dataclasses.replace(DEFECT_QUESTION, options=(("A", "Hole."), ("B", "None.")))
    assert correct_letter(with_kinds, True) is None


def test_the_prompts_hash_sees_text_and_pixels() -> None:
    plan = planned("eagle", NORMAL)
    text_only = hashlib.sha256(plan.prompt.text.encode()).hexdigest()
    changed = TEMPLATE.copy()
    changed.putpixel((3, 3), (0, 0, 0))
    other = eagle.plan("eagle", QUERY, [changed], prediction(NORMAL), THRESHOLD, configured())
    assert other.prompt.text == plan.prompt.text
    assert len({text_only, prompt_sha256(plan.prompt), prompt_sha256(other.prompt)}) == 3
    assert prompt_sha256(plan.prompt) != prompt_sha256(planned("eagle", CLEAR).prompt)
