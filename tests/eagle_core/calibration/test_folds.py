"""Folds: sizes, whole groups, seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.calibration.folds import folds_for, group_folds, random_folds
from eagle_core.errors import FitError


@given(st.integers(2, 60), st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_random_folds_differ_in_size_by_at_most_one(count, folds, seed):
    sizes = np.bincount(random_folds(count, folds, seed))
    assert sizes.sum() == count
    assert len(sizes) == min(folds, count)
    assert sizes.max() - sizes.min() <= 1


@given(st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=40).filter(lambda g: len(set(g)) > 1), st.integers(2, 6))
def test_no_group_is_in_two_folds(groups, folds):
    found = group_folds(groups, folds, 3)
    assert {len(set(found[np.array(groups) == group])) for group in groups} == {1}
    assert set(found) == set(range(min(folds, len(set(groups)))))


@pytest.mark.parametrize(
    ("images", "asked", "folds"), [(12, None, 12), (20, None, 20), (30, None, 20), (31, None, 5), (31, 10, 10), (4, 10, 4)]
)
def test_few_images_are_put_in_more_folds_unless_a_number_is_asked_for(images, asked, folds):
    assert folds_for(images, asked) == folds
    assert random_folds(images, asked, 0).max() + 1 == folds


def test_another_seed_deals_otherwise():
    assert random_folds(40, 5, 0).tolist() == random_folds(40, 5, 0).tolist()
    assert random_folds(40, 5, 0).tolist() != random_folds(40, 5, 1).tolist()


def test_one_group_or_image_cannot_be_divided():
    with pytest.raises(FitError, match="at least 2 groups"):
        group_folds(["a", "a", "a"], 5, 0)
    with pytest.raises(FitError, match="at least 2 training images"):
        random_folds(1, 5, 0)
