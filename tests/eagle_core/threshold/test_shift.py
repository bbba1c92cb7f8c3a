"""The shift check: its effect against brute force, what it calls a shift, and where tau goes."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.errors import DataError
from eagle_core.records import ShiftCheck, Threshold
from eagle_core.threshold.shift import check_shift, with_shift

THRESHOLD = Threshold(3.0, 3.5, "kappa_sigma", 1.8, 0.4, 2.9, 3.2, 0.02, (1.0, 2.0, 3.5), warnings=("before",))


def unit(rng: np.random.Generator, count: int, toward: float = 0.0) -> np.ndarray:
    """Embeddings around one direction; ``toward`` tilts them all the same way."""
    rows = np.zeros((count, 16)) + rng.normal(0, 0.05, (count, 16))
    rows[:, 0] += 1
    rows[:, 1] += toward
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def check(toward: float, images: int = 40, seed: int = 0) -> ShiftCheck:
    rng = np.random.default_rng(seed)
    return check_shift(unit(rng, 60), unit(rng, images, toward), rng.uniform(1, 2, 60), rng.uniform(3, 4, images))


def test_the_effect_is_the_share_of_pairs() -> None:
    rng = np.random.default_rng(1)
    training, batch = unit(rng, 12).astype(np.float64), unit(rng, 9, 0.1).astype(np.float64)
    usual = [1 - max(a @ b for j, b in enumerate(training) if j != i) for i, a in enumerate(training)]
    seen = [1 - max(a @ b for b in training) for a in batch]
    pairs = np.mean([float(s > u) + 0.5 * float(s == u) for s in seen for u in usual])
    found = check_shift(training, batch, np.ones(12), np.ones(9))
    assert found.effect == pytest.approx(pairs)
    assert found.images == 9


@pytest.mark.parametrize("seed", range(8))
def test_the_same_camera_is_no_shift_and_another_light_is_one(seed: int) -> None:
    assert not check(0.0, seed=seed).shifted
    assert check(0.6, seed=seed).shifted


def test_a_single_odd_image_among_many_is_no_shift() -> None:
    rng = np.random.default_rng(3)
    batch = np.concatenate([unit(rng, 30), unit(rng, 1, 2.0)])
    assert not check_shift(unit(rng, 60), batch, np.ones(60), np.ones(31)).shifted


def test_scores_scale_by_their_lower_quartile_and_never_down() -> None:
    rng = np.random.default_rng(4)
    training, batch, scores = unit(rng, 10), unit(rng, 20, 0.6), np.linspace(1, 2, 41)
    assert check_shift(training, batch, scores, np.full(20, 5.0)).score_scale == pytest.approx(5.0 / 1.25)
    assert check_shift(training, batch, scores, np.full(20, 0.1)).score_scale == 1.0


def test_without_a_shift_tau_stays() -> None:
    unshifted = ShiftCheck(0.55, 0.2, 2.0, 40, shifted=False)
    for adapt in (False, True):
        after = with_shift(THRESHOLD, unshifted, adapt=adapt)
        assert (after.tau, after.s_max, after.method, after.warnings) == (3.0, 3.5, "kappa_sigma", ("before",))
        assert after.shift == unshifted


def test_a_shift_is_warned_of_and_followed_only_if_asked() -> None:
    shifted = ShiftCheck(0.99, 1e-9, 2.0, 40, shifted=True)
    warned = with_shift(THRESHOLD, shifted, adapt=False)
    assert (warned.tau, warned.method) == (3.0, "kappa_sigma")
    assert "threshold.adapt: when_shifted" in warned.warnings[-1]
    followed = with_shift(THRESHOLD, shifted, adapt=True)
    assert (followed.tau, followed.tau_low, followed.tau_high, followed.s_max) == (6.0, 5.8, 6.4, 7.0)
    assert followed.method == "kappa_sigma, adapted"
    few = with_shift(THRESHOLD, ShiftCheck(0.99, 1e-3, 2.0, 7, shifted=True), adapt=True)
    assert few.tau == 3.0 and "too few" in few.warnings[-1]


def test_nothing_to_compare_is_an_error() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="at least one image"):
        check_shift(unit(rng, 5), unit(rng, 0), np.ones(5), np.ones(0))
