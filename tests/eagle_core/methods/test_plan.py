"""What each method asks: the rows of Table 3 and 4 by parameters, and the records that come of it."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
from PIL import Image

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError, DataError
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
    AttentionGuidance,
    Box,
    ExpertPrediction,
    ImagePart,
    Question,
    Sample,
    TextPart,
    Threshold,
)

TAU, S_MAX, SIGMA = 3.0, 3.5, 0.4
THRESHOLD = Threshold(
    tau=TAU,
    s_max=S_MAX,
    method="kappa_sigma",
    mean=1.8,
    standard_deviation=SIGMA,
    tau_low=2.9,
    tau_high=3.2,
    interval_mass=0.02,
    training_scores=(1.0, 2.0, 3.5),
)
QUERY = Image.new("RGB", (56, 56), (90, 120, 150))
TEMPLATE = Image.new("RGB", (56, 56), (80, 120, 150))
UNSURE, CLEAR, NORMAL = 3.2, 5.0, 2.0


def prediction(score: float, image_id: str = "d/test/1.png") -> ExpertPrediction:
    """Patch (1, 2) of 7 x 7 has the score; on a 56 x 56 image it covers x 16..24, y 8..16."""
    grid = np.full((7, 7), 0.5, dtype=np.float32)
    grid[1, 2] = score
    return ExpertPrediction(image_id, score, grid, QUERY.size, np.ones(1, dtype=np.float32))


def configured(**sections: dict) -> EagleConfig:
    base = {"datasets": {"demo": {"root": "data/demo"}}}
    return EagleConfig.model_validate(base | sections)


def planned(method: str, score: float, **sections: dict) -> eagle.Plan:
    return eagle.plan(
        method,
        QUERY,
        [TEMPLATE],
        prediction(score),
        THRESHOLD,
        configured(**sections),
        template_ids=["train/7.png"],
    )


def roles(plan: eagle.Plan) -> list[str]:
    return [part.role for part in plan.prompt.parts]


def shown(plan: eagle.Plan, role: str) -> list[Image.Image]:
    return [part.image for part in plan.prompt.parts if isinstance(part, ImagePart) and part.role == role]


def said(plan: eagle.Plan) -> str:
    return "".join(part.text for part in plan.prompt.parts if isinstance(part, TextPart))


def test_the_mllm_alone_is_told_nothing_by_the_expert() -> None:
    plan = eagle.plan("mllm", QUERY, [TEMPLATE], None, None, configured())
    assert plan.guidance is None and plan.attention == AttentionGuidance()
    assert shown(plan, "template") == [TEMPLATE] and shown(plan, "query") == [QUERY]
    assert not {"prior", "box_sentence", "boxed_query"} & set(roles(plan))
    assert plan.prompt == planned("mllm", CLEAR).prompt  # a prediction changes nothing


def test_an_anomalous_image_gets_prior_box_and_box_sentence() -> None:
    plan = planned("eagle", CLEAR)
    assert plan.guidance.predicted_anomalous and plan.guidance.boxes == (Box(16, 8, 24, 16, CLEAR),)
    assert "predicted as anomalous" in said(plan) and "red bounding box" in said(plan)
    (boxed,) = shown(plan, "boxed_query")
    assert boxed.getpixel((16, 8)) == (255, 0, 0) and boxed.getpixel((23, 15)) == (255, 0, 0)
    assert boxed.getpixel((20, 12)) == QUERY.getpixel((20, 12)) and boxed.getpixel(
        (24, 16)
    ) == QUERY.getpixel((24, 16))
    assert shown(plan, "query") == [QUERY] and QUERY.getpixel((16, 8)) == (90, 120, 150)
    assert plan.template_ids == ("train/7.png",)


def test_a_normal_image_gets_the_normal_prior_and_no_box() -> None:
    plan = planned("eagle", NORMAL)
    assert not plan.guidance.predicted_anomalous and plan.guidance.boxes == ()
    assert "predicted as normal" in said(plan) and "red bounding box" not in said(plan)
    assert shown(plan, "boxed_query") == []


@pytest.mark.parametrize(
    ("guidance", "prior", "box_if_anomalous", "box_if_normal"),
    [
        ({"textual_prior": "always", "visual_prompt": "anomalous"}, True, True, False),  # visual + textual
        ({"textual_prior": "never", "visual_prompt": "always"}, False, True, True),  # visual only
        ({"textual_prior": "always", "visual_prompt": "never"}, True, False, False),  # textual only
    ],
)
def test_the_single_modality_rows_of_table_3(guidance, prior, box_if_anomalous, box_if_normal) -> None:
    for score, boxed in ((CLEAR, box_if_anomalous), (NORMAL, box_if_normal)):
        plan = planned("eagle_no_caas", score, guidance=guidance)
        assert ("prior" in roles(plan)) == prior
        assert ("box_sentence" in roles(plan)) == boxed == bool(shown(plan, "boxed_query"))
        assert ("predicted as" in said(plan)) == prior
        assert bool(plan.guidance.boxes) == boxed


def test_below_tau_always_boxes_the_highest_region_only() -> None:
    grid = np.full((7, 7), 0.5, dtype=np.float32)
    grid[1, 2], grid[5, 5] = 2.0, 1.9
    two_peaks = dataclasses.replace(prediction(2.0), patch_scores=grid)
    config = configured(guidance={"textual_prior": "never", "visual_prompt": "always"})
    (box,) = expert.guide(two_peaks, THRESHOLD, config).boxes
    assert box.x0 <= 20 < box.x1 and box.y0 <= 12 < box.y1


@pytest.mark.parametrize(
    ("method", "score", "gate", "open_", "alpha"),
    [
        ("eagle", UNSURE, "paper", True, 0.6),
        ("eagle", TAU, "paper", True, 0.6),
        ("eagle", S_MAX, "paper", True, 0.6),
        ("eagle", CLEAR, "paper", False, 0.0),
        ("eagle", NORMAL, "paper", False, 0.0),
        ("eagle", TAU - 0.9 * SIGMA, "symmetric", True, 0.6),
        ("eagle", TAU - 0.9 * SIGMA, "paper", False, 0.0),
        ("eagle_no_caas", UNSURE, "paper", True, 0.0),
    ],
)
def test_attention_is_guided_where_the_gate_is_open(method, score, gate, open_, alpha) -> None:
    plan = planned(method, score, caas={"gate": gate})
    assert plan.guidance.gate_open == open_
    assert plan.attention == AttentionGuidance(alpha=alpha)


def test_eagle_with_and_without_caas_ask_the_same() -> None:
    for score in (UNSURE, CLEAR, NORMAL):
        assert planned("eagle", score).prompt.text == planned("eagle_no_caas", score).prompt.text
        assert prompt_sha256(planned("eagle", score).prompt) == prompt_sha256(
            planned("eagle_no_caas", score).prompt
        )


def test_beta_acts_on_a_prior_that_is_there() -> None:
    caas = {"alpha": 0.6, "beta": -0.4}
    assert planned("eagle", UNSURE, caas=caas).attention == AttentionGuidance(0.6, -0.4)
    without = planned("eagle", UNSURE, caas=caas, guidance={"textual_prior": "never"})
    assert without.attention == AttentionGuidance(0.6, 0.0)


def test_another_question_is_asked_in_the_same_way() -> None:
    question = Question(
        "kind", "defect_classification", "What kind?", (("A", "Hole."), ("B", "Scratch.")), "B"
    )
    plan = eagle.plan("eagle", QUERY, [], prediction(CLEAR), THRESHOLD, configured(), question=question)
    assert plan.prompt.question is question and said(plan).endswith("What kind? A. Hole. B. Scratch.")


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="eagle needs the expert"):
        eagle.plan("eagle", QUERY, [], None, THRESHOLD, configured())
    with pytest.raises(DataError, match="the query is"):
        eagle.plan("eagle", QUERY.resize((64, 56)), [], prediction(CLEAR), THRESHOLD, configured())
    nan = dataclasses.replace(prediction(CLEAR), score=float("nan"))
    with pytest.raises(DataError, match="cannot compare"):
        expert.verdict(nan, THRESHOLD)


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


@pytest.mark.parametrize("is_defective", [True, False])
@pytest.mark.parametrize("score", [NORMAL, CLEAR])
def test_a_right_or_wrong_prior_follows_the_label_and_not_the_score(is_defective: bool, score: float) -> None:
    for prior, told in (("right", is_defective), ("wrong", not is_defective)):
        config = configured(guidance={"prior": prior})
        asked = eagle.plan("eagle", QUERY, [TEMPLATE], prediction(score), THRESHOLD, config, is_defective=is_defective)
        assert ("predicted as anomalous" in asked.prompt.text) == told
        assert ("predicted as normal" in asked.prompt.text) == (not told)
        assert asked.guidance is not None
        assert bool(asked.guidance.boxes) == told
        assert ("boxed_query" in roles(asked)) == told


def test_a_prior_that_needs_a_label_refuses_an_unlabelled_image() -> None:
    config = configured(guidance={"prior": "wrong"})
    with pytest.raises(DataError, match="needs a labelled image"):
        eagle.plan("eagle", QUERY, [TEMPLATE], prediction(CLEAR), THRESHOLD, config)
