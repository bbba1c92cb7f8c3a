"""Does the threshold promise too much? Without labels: from how like new images are to the training images.

A threshold takes the images it was fitted from for what is to come. Where those repeat each other, they are much more
like their nearest training image than any new image is. Few new images tell, since it concerns all of them: the
expected share of pairs in which a new image is the less like one is 0.5 where nothing is wrong.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu

EFFECT = 0.85
"""Seen at 256 pixels, whole test sets: at most 0.67 where the promise holds, 0.96 where frames repeat each other."""
SIGNIFICANCE = 0.01
FEWEST = 8
"""Images from which it speaks. Measured (docs/promise.md): of draws of 8 new images from the set whose
frames repeat each other 99 % are warned of, of the others at most 1 %."""


class Likeness(NamedTuple):
    """Two samples of likeness compared."""

    before: float
    """Median of the images that the threshold was fitted from."""
    after: float
    """Median of the batch."""
    effect: float
    """Share of pairs in which the batch's image is the less like one; ties count half."""
    at_risk: bool


def compare_likeness(before: np.ndarray, after: np.ndarray) -> Likeness:
    """Compare a batch with the images that the threshold was fitted from.

    Args:
        before: ``(K,)`` likeness of those, each to the nearest training image that is not itself (nor of its group).
        after: ``(M,)`` likeness of the batch.
    """
    test = mannwhitneyu(before, after, alternative="greater")
    effect = float(test.statistic) / (len(before) * len(after))
    return Likeness(
        float(np.median(before)),
        float(np.median(after)),
        effect,
        len(after) >= FEWEST and effect >= EFFECT and float(test.pvalue) < SIGNIFICANCE,
    )
