"""An image that a processor refuses fails alone, wherever it stands among others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from eagle_core.errors import ModelError
from eagle_core.mllm.isolation import answer_apart
from eagle_core.records import Answer


def refusing(bad: set[int], error: Exception):  # type: ignore[no-untyped-def]
    def ask(indices: Sequence[int]) -> list[Answer]:
        if bad.intersection(indices):
            raise error
        return [Answer("answered", "A", i / 100) for i in indices]

    return ask


@pytest.mark.parametrize("bad", [set(), {0}, {6}, {2, 3}, set(range(7))])
def test_only_the_refused_prompts_fail(bad: set[int]) -> None:
    answers = answer_apart(refusing(bad, ValueError("absolute aspect ratio must be\n smaller than 200")), 7)
    assert [answer.status == "failed" for answer in answers] == [i in bad for i in range(7)]
    assert {answer.error for answer in answers if answer.status == "failed"} <= {
        "ValueError: absolute aspect ratio must be smaller than 200"
    }
    assert [answer.p_defect for answer in answers if answer.p_defect is not None] == [i / 100 for i in range(7) if i not in bad]


def test_nothing_is_asked_about_nothing() -> None:
    assert answer_apart(refusing(set(), ValueError()), 0) == []


def test_what_concerns_every_prompt_is_raised() -> None:
    with pytest.raises(ModelError, match="open questions"):
        answer_apart(refusing({1}, ModelError("open questions")), 3)
