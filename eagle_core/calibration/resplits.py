"""Normal images divided again and again, by whole groups, to see whether a promised rate is kept; and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Resplit(NamedTuple):
    """Indices into one list of normal images."""

    train: np.ndarray
    calibration: np.ndarray
    """Kept apart: what ``held_out`` is given. The other rules are fitted on ``train`` and these together."""
    test: np.ndarray


def resplit(groups: Sequence[str], *, train: int, test: int, seed: int) -> Resplit:
    """Deal whole groups, in random order, to training until it has ``train`` images, then to testing.

    A quarter of the training groups, and at least one, are the calibration images. No group is in two parts.

    Args:
        groups: Of each image; alone in its group where nothing is known.
        train: Images wanted for training and calibration together; the group that reaches it is taken whole.
        test: At most so many test images, drawn from the remaining groups.
        seed: Of the order.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(names))
    sizes = np.bincount(member)[order]
    taken = int(np.searchsorted(np.cumsum(sizes), train)) + 1
    # One group at least is left to test on.
    taken = max(2, min(taken, len(names) - 1))
    held = max(1, taken // 4)
    parts = (order[held:taken], order[:held], order[taken:])
    fitted, kept, rest = (np.flatnonzero(np.isin(member, part)) for part in parts)
    if len(rest) > test:
        rest = np.sort(generator.choice(rest, test, replace=False))
    return Resplit(fitted, kept, rest)


class Rate(NamedTuple):
    """A share, and its one-sided 95 % limits: at least ``low``, and at most ``high``."""

    value: float
    low: float
    high: float


def rate_by_groups(alarms: np.ndarray, groups: Sequence[str], *, seed: int, draws: int = 2000) -> Rate:
    """Share of alarms, its limits from drawing whole groups again.

    Args:
        alarms: ``(n,) bool`` of test images of all resplits together.
        groups: Of the same.
        seed: Of the draws.
        draws: How many.
    """
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    total, hit = np.bincount(member), np.bincount(member, weights=alarms)
    drawn = np.random.default_rng(seed).integers(len(total), size=(draws, len(total)))
    rates = hit[drawn].sum(axis=1) / total[drawn].sum(axis=1)
    low, high = np.quantile(rates, [0.05, 0.95])
    return Rate(float(hit.sum() / total.sum()), float(low), float(high))
