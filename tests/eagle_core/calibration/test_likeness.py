"""Likeness: against plain numpy, and what it sees."""

from __future__ import annotations

import numpy as np
import torch

from eagle_core.calibration.likeness import likeness_among, reduce_grids, reference_of


def grids(count: int, seed: int, dimension: int = 6) -> torch.Tensor:
    return torch.randn(count, 16 * 16, dimension, generator=torch.Generator().manual_seed(seed))


def by_hand(patches: torch.Tensor) -> np.ndarray:
    """2 x 2 patches to one cell, in numpy."""
    cells = patches.numpy().reshape(len(patches), 8, 2, 8, 2, -1).mean(axis=(2, 4))
    return cells.transpose(0, 3, 1, 2).reshape(len(patches), -1)


def test_equal_to_the_cosines_by_hand():
    train, new = grids(7, 0), grids(3, 1)
    reference = reference_of(reduce_grids(train, (16, 16)))
    old, fresh = by_hand(train), by_hand(new)
    mean = old.mean(axis=0)
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (old - mean, fresh - mean))
    np.testing.assert_allclose(reference.nearest(reduce_grids(new, (16, 16))).numpy(), (b @ a.T).max(axis=1), atol=2e-3)
    others = a @ a.T - 9 * np.eye(7)
    np.testing.assert_allclose(likeness_among(reference, None), others.max(axis=1), atol=2e-3)


def test_within_a_group_nobody_counts():
    train = grids(6, 2)
    train[1] = train[0] + 0.01
    reference = reference_of(reduce_grids(train, (16, 16)))
    alone = likeness_among(reference, None)
    grouped = likeness_among(reference, ["a", "a", "b", "c", "d", "e"])
    assert alone[0] > 0.99 and alone[1] > 0.99
    assert grouped[0] < 0.5 and grouped[1] < 0.5
    np.testing.assert_allclose(grouped[2:], alone[2:])


def test_wide_features_are_narrowed_alike_every_time():
    wide = grids(4, 3, dimension=400)
    first, again = reduce_grids(wide, (16, 16)), reduce_grids(wide, (16, 16))
    assert first.shape == (4, 160 * 64)
    assert torch.equal(first, again)
