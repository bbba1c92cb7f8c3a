"""What each method asks: the rows of Table 3 and 4 by parameters, and the records that come of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eagle_core.errors import ConfigurationError, DataError
from eagle_core.methods import eagle, expert
from eagle_core.methods.outcome import (
    prompt_sha256,
)
from eagle_core.records import (
    AttentionGuidance,
    Box,
    Question,
)
from tests.eagle_core.methods.planned import (
    CLEAR,
    NORMAL,
    QUERY,
    S_MAX,
    SIGMA,
    TAU,
    TEMPLATE,
    THRESHOLD,
    UNSURE,
    configured,
    planned,
    prediction,
    roles,
    said,
    shown,
)


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


@pytest.mark.parametrize("is_defective", [True, False])
@pytest.mark.parametrize("score", [NORMAL, CLEAR])
def test_a_right_or_wrong_prior_follows_the_label_and_not_the_score(is_defective: bool, score: float) -> None:
    for prior, told in (("right", is_defective), ("wrong", not is_defective)):
        config = configured(guidance={"prior": prior})
        asked = eagle.plan(
            "eagle", QUERY, [TEMPLATE], prediction(score), THRESHOLD, config, is_defective=is_defective
        )
        assert ("predicted as anomalous" in asked.prompt.text) == told
        assert ("predicted as normal" in asked.prompt.text) == (not told)
        assert asked.guidance is not None
        assert bool(asked.guidance.boxes) == told
        assert ("boxed_query" in roles(asked)) == told


def test_a_prior_that_needs_a_label_refuses_an_unlabelled_image() -> None:
    config = configured(guidance={"prior": "wrong"})
    with pytest.raises(DataError, match="needs a labelled image"):
        eagle.plan("eagle", QUERY, [TEMPLATE], prediction(CLEAR), THRESHOLD, config)
