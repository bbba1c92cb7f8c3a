"""A sentence against the expert's score, its boxes and the MLLM's own answer."""

from __future__ import annotations

import pytest

from eagle_core.data.scene import PLACES, place_of
from eagle_core.guidance.evidence import contradictions, places_of
from eagle_core.records import Box

TOP_LEFT = Box(2, 2, 20, 20, 1.0)


def against(text: str, *, verdict: bool | None = True, score: float = 2.0, boxes: tuple[Box, ...] = (TOP_LEFT,)):
    return contradictions(
        text, verdict_defective=verdict, score=score, tau=1.0, boxes=boxes, image_size=(90, 90)
    )


def test_a_sentence_that_agrees_contradicts_nothing() -> None:
    assert against("There is a severe crack in the top left.") == ()
    assert against("There is no defect in the object.", verdict=False, score=0.5, boxes=()) == ()


def test_each_kind_of_evidence_is_named() -> None:
    assert against("There is a severe crack in the bottom right.") == (
        "the sentence claims the bottom right, the boxes lie in the top left",
    )
    assert against("There is a severe crack in the top left.", score=0.5) == (
        "the sentence claims a defect, the expert's score 0.5 is below tau 1",
    )
    assert against("There is no defect in the object.") == (
        "the sentence claims no defect, the answer was defective",
        "the sentence claims no defect, the expert's score 2 reaches tau 1",
    )


def test_without_boxes_or_verdict_only_the_score_is_compared() -> None:
    assert against("There is a severe crack in the bottom.", verdict=None, boxes=()) == ()


@pytest.mark.parametrize("text", ["", "A fine ring.", "?!"])
def test_a_sentence_without_a_claim_is_said_to_be_one(text: str) -> None:
    assert against(text) == ("the sentence claims nothing that can be checked",)


def test_a_box_lies_in_every_ninth_that_it_overlaps() -> None:
    assert places_of([Box(0, 0, 90, 90, 1.0)], (90, 90)) == PLACES
    assert places_of([Box(30, 30, 60, 60, 1.0)], (90, 90)) == ("center",)
    assert places_of([Box(25, 31, 35, 40, 1.0)], (90, 90)) == ("left", "center")
    for x in (5, 44, 85):
        for y in (5, 44, 85):
            assert places_of([Box(x, y, x + 1, y + 1, 1.0)], (90, 90)) == (place_of(x, y, 90, 90),)
