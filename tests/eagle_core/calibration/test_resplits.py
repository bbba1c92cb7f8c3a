"""Resplits by whole groups, and limits of a rate by drawing groups again."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.calibration.resplits import rate_by_groups, resplit


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_in_two_parts(seed):
    groups = np.repeat([f"g{i}" for i in range(12)], 5)
    parts = resplit(groups.tolist(), train=40, test=100, seed=seed)
    names = [set(groups[part]) for part in parts]
    assert not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]
    # 40 images are 8 groups, a quarter of which is kept for calibration.
    assert [len(part) for part in parts] == [30, 10, 20]


def test_at_most_so_many_are_tested_and_a_group_is_left_to_test():
    parts = resplit(["a"] * 5 + ["b"] * 5 + ["c"] * 50, train=1000, test=7, seed=0)
    assert 1 <= len(parts.test) <= 7


def test_limits_are_wider_where_alarms_come_in_groups():
    generator = np.random.default_rng(0)
    alone = generator.random(400) < 0.1
    by_image = rate_by_groups(alone, [str(i) for i in range(400)], seed=0)
    whole = np.repeat(np.arange(10) == 3, 40)
    by_group = rate_by_groups(whole, np.repeat(np.arange(10), 40).astype(str).tolist(), seed=0)
    assert by_image.value == alone.mean() and by_group.value == 0.1
    # One-sided 95 % of a share of 0.1 among 400: about 1.64 * sqrt(0.09 / 400) = 0.025 each way.
    assert by_image.high - by_image.value == pytest.approx(0.025, abs=0.008)
    assert by_group.low == 0.0 and by_group.high > 0.25
