"""Explanations: the true sentence parses back to its record; anything else claims nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eagle_core.data.scene import DEFECT_KINDS, PLACES, DefectRecord, SceneRecord, severity_of
from eagle_core.guidance.explanation import (
    NO_DEFECT,
    ParsedExplanation,
    explanation_instead,
    explanation_of,
    explanation_prompt,
    parse_explanation,
)
from eagle_core.guidance.prompt import (
    ANOMALOUS_PRIOR,
    BOX_SENTENCE,
    DEFECT_QUESTION,
    INSTRUCTION,
    build_prompt,
)


@given(st.sampled_from(sorted(DEFECT_KINDS)), st.sampled_from(PLACES), st.floats(0, 1))
def test_round_trip(kind: str, place: str, strength: float) -> None:
    defect = DefectRecord(kind, place, severity_of(strength), strength, (0, 0, 1, 1))  # type: ignore[arg-type]
    text = explanation_of(SceneRecord("c", "ring", "object", "grey", defect))
    assert parse_explanation(text) == ParsedExplanation(True, severity_of(strength), kind, place)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (NO_DEFECT, ParsedExplanation(False)),
        ("", ParsedExplanation(None)),
        ("I see a nice ring.", ParsedExplanation(None)),
        ("There is a severe unicorn in the top left.", ParsedExplanation(True, "severe", None, "top left")),
        ("I can see a moderate scratch, at the upper-left edge.", ParsedExplanation(True, "moderate", "scratch", "top left")),
        ("A slight stain sits near the centre", ParsedExplanation(True, "slight", "stain", "center")),
        ("The object is damaged.", ParsedExplanation(True)),
        ("No visible defects were found.", ParsedExplanation(False)),
        ("The part is free of damage and looks clean.", ParsedExplanation(False)),
        ("The query image is normal.", ParsedExplanation(False)),
    ],
)
def test_other_sentences(text: str, parsed: ParsedExplanation) -> None:
    assert parse_explanation(text) == parsed


def test_prompt_keeps_images_and_prior_and_asks_no_option() -> None:
    image = Image.new("RGB", (8, 8))
    prompt = explanation_prompt(image, templates=[image], predicted_anomalous=True, boxed_query=image)
    assert ANOMALOUS_PRIOR in prompt.text
    assert BOX_SENTENCE in prompt.text
    assert INSTRUCTION not in prompt.text
    assert "letter" not in prompt.text
    assert [p.role for p in prompt.parts if hasattr(p, "image")] == ["template", "query", "boxed_query"]


def test_replacing_the_question_gives_the_same_prompt() -> None:
    image = Image.new("RGB", (8, 8))
    cues: dict = {"templates": [image], "predicted_anomalous": True, "boxed_query": image}
    instead = explanation_instead(build_prompt(DEFECT_QUESTION, image, **cues))
    assert instead == explanation_prompt(image, **cues)
    assert instead.question.options == ()
