"""Whose word counts: worked out on one threshold. mean 2, tau 5, s_max 4: far above is beyond 5 + (5 - 2) = 8."""

from __future__ import annotations

import pytest

from eagle_core.methods.headline import headline
from eagle_core.records import Threshold

LIMIT = Threshold(5.0, 4.0, "kappa_sigma", 2.0, 1.0, 4.5, 5.5, 0.0, (1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    ("score", "mllm", "says", "word", "by"),
    [
        (4.9, None, None, "normal", "expert"),
        (5.0, None, None, "defective", "expert"),
        (9.0, None, None, "defective", "expert"),
        (9.0, "qwen", None, "defective", "expert"),
        (7.9, "qwen", False, "normal", "qwen"),
        (8.1, "qwen", False, "disputed", "nobody"),
        (8.1, "qwen", True, "defective", "qwen"),
        (2.1, "qwen", True, "defective", "qwen"),
        (1.9, "qwen", True, "disputed", "nobody"),
        (1.9, "qwen", False, "normal", "qwen"),
    ],
)
def test_whose_word_counts(score, mllm, says, word, by):
    decided = headline(score, LIMIT, mllm=mllm, mllm_says_defective=says)
    assert (decided.word, decided.decided_by) == (word, by)
    assert (decided.reason is not None) == (word == "disputed")


def test_what_cannot_be_judged_is_judged_by_nobody():
    decided = headline(99.0, LIMIT, mllm="qwen", mllm_says_defective=True, unlike="blank: nothing to see")
    assert (decided.word, decided.decided_by, decided.reason) == ("not judged", "nobody", "blank: nothing to see")
