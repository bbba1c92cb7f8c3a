"""Pairs of alike images: the control for "correct answers look more at the defect" (paper: Fig. 8).

A larger defect is easier to find and also covers more tokens, so that correctly answered images would have higher
attention ratios even if attention decided nothing. Compared are therefore images with defects of like size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment


def matched_pairs(
    first: Sequence[float], second: Sequence[float], groups: tuple[Sequence[str], Sequence[str]], largest: float
) -> list[tuple[int, int]]:
    """Pairs (index in first, index in second) of the same group whose values are nearest, each used at most once.

    The pairing minimises the sum of differences; pairs farther apart than ``largest`` are left out afterwards.

    Args:
        first: Values, such as the logarithm of each defect's area.
        second: The same of the other set.
        groups: Group of each member of ``first`` and of ``second``, such as its category.
        largest: Largest difference within a pair.
    """
    pairs: list[tuple[int, int]] = []
    one, other = (np.asarray(g, dtype=object) for g in groups)
    for group in sorted(set(one) & set(other)):
        rows, columns = np.flatnonzero(one == group), np.flatnonzero(other == group)
        apart = np.abs(np.asarray(first)[rows][:, None] - np.asarray(second)[columns][None, :])
        for row, column in zip(*linear_sum_assignment(apart), strict=True):
            if apart[row, column] <= largest:
                pairs.append((int(rows[row]), int(columns[column])))
    return pairs
