"""Which training images are suspected: not normal ones, the far ones."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.calibration.suspects import suspicious


@pytest.mark.parametrize("law", ["gumbel", "gamma", "normal"])
def test_few_normal_images_are_suspected(law):
    generator = np.random.default_rng(0)
    draw = {
        "gumbel": lambda: 5 + generator.gumbel(size=200) * 0.5,
        "gamma": lambda: 3 + generator.gamma(2.0, 0.5, size=200),
        "normal": lambda: generator.normal(5, 0.5, size=200),
    }[law]
    assert np.mean([suspicious(draw()).mean() for _ in range(50)]) < 0.02


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1])
def test_far_scores_are_suspected_at_any_share_up_to_a_tenth(share):
    generator = np.random.default_rng(1)
    scores = 5 + 0.3 * generator.normal(size=200)
    defects = generator.choice(200, int(200 * share), replace=False)
    scores[defects] += 6
    assert sorted(np.flatnonzero(suspicious(scores))) == sorted(defects)


def test_equal_scores_suspect_nobody():
    assert not suspicious(np.ones(10)).any()
    assert not suspicious(np.array([3.0])).any()
