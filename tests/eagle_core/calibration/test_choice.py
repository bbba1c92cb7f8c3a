"""What ``auto`` takes, in which order, and what it says."""

from __future__ import annotations

import pytest

from eagle_core.calibration.choice import choose
from eagle_core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("held_out", "groups", "rule", "words"),
    [
        (20, 7, "held_out", "20 normal images are kept apart"),
        (0, 7, "grouped", "7 groups are known (lot in parts.csv)"),
        (3, 7, "grouped", "3 held-out images are too few"),
        (0, 1, "cross_fitted", "independent shots; about 20 good parts of another day"),
        (0, 0, "cross_fitted", "no groups are known"),
    ],
)
def test_auto(held_out, groups, rule, words):
    found = choose("auto", held_out=held_out, groups=groups, source="lot in parts.csv")
    assert found.rule == rule
    assert words in found.reason


def test_what_is_asked_by_name_is_used_without_a_reason():
    assert choose("unsampled", held_out=40, groups=9, source="x") == choose("unsampled", held_out=0, groups=0, source="")
    assert choose("leave_out", held_out=0, groups=0, source="").reason == ""


@pytest.mark.parametrize(("asked", "words"), [("held_out", "calibration/"), ("grouped", r"datasets\.NAME\.groups")])
def test_what_cannot_be_is_an_error_with_the_remedy(asked, words):
    with pytest.raises(ConfigurationError, match=words):
        choose(asked, held_out=0, groups=0, source="")
