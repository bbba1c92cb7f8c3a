"""Two experts on the same test images: rates by hand, and who flips."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.evaluation.refit import Judged, flips_between, rates_of

LABELS = np.array([False] * 10 + [True] * 4)
NAMES = tuple(f"{i}.png" for i in range(14))


def judged(*alarms: int) -> Judged:
    return Judged(NAMES, LABELS, np.isin(np.arange(14), alarms))


def test_rates_by_hand() -> None:
    """2 of 10 false alarms, 3 of 4 found: (0.8 + 0.75) / 2; Wilson 95 % of 2 in 10 is [0.057, 0.510]."""
    rates = rates_of(judged(0, 1, 10, 11, 12), 0.95, 500, 0)
    assert rates.balanced_accuracy.value == pytest.approx(0.775)
    assert rates.false_alarms.value == 0.2 and rates.recall.value == 0.75
    assert (rates.false_alarms.low, rates.false_alarms.high) == (pytest.approx(0.0567, abs=1e-3), pytest.approx(0.5098, abs=1e-3))
    low, high = rates.balanced_accuracy.low, rates.balanced_accuracy.high
    assert low is not None and high is not None and 0.4 < low < 0.775 < high <= 1


def test_no_images_of_a_label_is_no_rate() -> None:
    only = Judged(NAMES[:10], LABELS[:10], np.zeros(10, dtype=bool))
    rates = rates_of(only, 0.95, 50, 0)
    assert rates.recall.value is None and rates.balanced_accuracy.value is None and rates.false_alarms.value == 0


def test_flips_are_of_images_that_both_judged() -> None:
    new = Judged(NAMES[1:], LABELS[1:], np.isin(np.arange(1, 14), (1, 13)))
    assert [(f.image_id, f.is_defective, f.was_alarm) for f in flips_between(judged(0, 1, 10), new)] == [
        ("10.png", True, True),
        ("13.png", True, False),
    ]
