"""Pairs of like size, checked against every possible pairing."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.experiments.matching import matched_pairs

values = st.lists(st.floats(-5, 5), min_size=1, max_size=5)


def test_pairs_stay_within_their_group_and_their_distance():
    pairs = matched_pairs([1.0, 2.0, 9.0], [1.1, 2.2, 5.0], (["a", "b", "a"], ["b", "b", "a"]), 0.5)
    assert pairs == [(1, 1)], "a: 1.0 and 9.0 are too far from 5.0; b: 2.0 is nearer to 2.2 than to 1.1"


@given(values, values)
def test_the_sum_of_differences_is_the_least_possible(first, second):
    groups = (["a"] * len(first), ["a"] * len(second))
    pairs = matched_pairs(first, second, groups, 100.0)
    assert len(pairs) == min(len(first), len(second))
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    short, long = sorted((first, second), key=len)
    least = min(sum(abs(a - b) for a, b in zip(short, chosen, strict=False)) for chosen in permutations(long, len(short)))
    assert sum(abs(first[a] - second[b]) for a, b in pairs) == pytest.approx(least, abs=1e-9)
