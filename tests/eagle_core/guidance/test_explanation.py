"""Explanations: the true sentence parses back to its record; anything else claims nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eagle_core.data.questions import PLACES
from eagle_core.data.scene import DEFECT_KINDS, DefectRecord, SceneRecord, severity_of
from eagle_core.guidance.explanation import (
    NO_DEFECT,
    ParsedExplanation,
    explanation_of,
    explanation_prompt,
    parse_explanation,
)
from eagle_core.guidance.prompt import ANOMALOUS_PRIOR, BOX_SENTENCE, INSTRUCTION


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
