"""The promise check: its share of pairs, how few images it needs, and how seldom it warns in vain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eagle_core.records import Promise, ShiftCheck, Threshold
from eagle_core.threshold.likeness import FEWEST, compare_likeness
from eagle_core.threshold.shift import with_shift

REPEATED = ShiftCheck(0.6, 0.2, 1.0, 9, False, likeness_before=0.73, likeness_after=0.41, likeness_effect=0.97, promise_at_risk=True)


def test_the_effect_is_the_share_of_pairs():
    generator = np.random.default_rng(0)
    before, after = generator.random(12).round(1), generator.random(9).round(1)
    pairs = np.mean([float(b < a) + 0.5 * float(a == b) for a in before for b in after])
    found = compare_likeness(before, after)
    assert found.effect == pytest.approx(pairs)
    assert (found.before, found.after) == (np.median(before), np.median(after))


def test_eight_images_tell_repeating_frames_and_seldom_warn_in_vain():
    """Of the order of ball_screw: 0.73 against 0.43, deviations of 0.1; 1,000 draws each."""
    generator = np.random.default_rng(1)
    before = generator.normal(0.73, 0.1, 200)
    risky = [compare_likeness(before, generator.normal(0.43, 0.1, FEWEST)).at_risk for _ in range(1000)]
    calm = [compare_likeness(before, generator.normal(0.73, 0.1, FEWEST)).at_risk for _ in range(1000)]
    assert np.mean(risky) > 0.95
    assert np.mean(calm) < 0.01


def test_fewer_are_silent():
    assert not compare_likeness(np.full(50, 0.9) + np.arange(50) / 1e4, np.zeros(FEWEST - 1)).at_risk


def test_the_warning_says_what_to_do():
    threshold = Threshold(3.0, 3.5, "conformal", 1.8, 0.4, 2.9, 3.2, 0.02, (1.0, 2.0, 3.5))
    [warning] = with_shift(threshold, REPEATED, adapt=False).warnings
    assert "promises too much" in warning and "0.41" in warning and "0.73" in warning
    assert "into calibration/" in warning and "grouped" in warning
    grouped = Promise(0.05, 0.05, None, 11, True, "grouped", "", "")
    [warning] = with_shift(replace(threshold, promise=grouped), REPEATED, adapt=False).warnings
    assert "expert.calibration: grouped" not in warning
