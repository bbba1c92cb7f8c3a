"""Attention ratios of rightly and wrongly answered images, and between pairs of like defect size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eagle_core.evaluation.bootstrap import generator, percentile_interval
from eagle_core.experiments.matching import matched_pairs

LIKE_SIZE = float(np.log(1.5))
"""Areas of a matched pair differ by at most a factor of 1.5."""
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SeenImage:
    """A defective image whose attention was observed."""

    category: str
    area: float
    """Share of the image that is defective."""
    correct: bool
    """The answer was right."""
    ratio: Mapping[int, float]
    """AR by layer."""


def compared_ratios(
    correct: Sequence[SeenImage], incorrect: Sequence[SeenImage], *, seed: int
) -> pd.DataFrame:
    """One row for each layer, as ``ratio_plot`` takes it; both parts hold images.

    Paper: Fig. 8, which has no control. A positive difference between matched pairs is what the paper's claim needs.
    """
    layers = list(correct[0].ratio)
    right, wrong = (
        np.asarray([list(i.ratio.values()) for i in part], dtype=np.float64) for part in (correct, incorrect)
    )
    pairs = matched_pairs(
        [np.log(i.area) for i in correct],
        [np.log(i.area) for i in incorrect],
        ([i.category for i in correct], [i.category for i in incorrect]),
        LIKE_SIZE,
    )
    table = pd.DataFrame(
        {
            "layer": layers,
            "correct": right.mean(axis=0),
            "incorrect": wrong.mean(axis=0),
            "correct_deviation": right.std(axis=0),
            "incorrect_deviation": wrong.std(axis=0),
            "matched_difference": None,
            "low": None,
            "high": None,
            "correct_images": len(right),
            "incorrect_images": len(wrong),
            "pairs": len(pairs),
        }
    )
    if pairs:
        difference = np.asarray([right[a] - wrong[b] for a, b in pairs])
        draws = generator(seed, "attention ratio").integers(0, len(pairs), size=(1000, len(pairs)))
        replicates = difference[draws].mean(axis=1)
        intervals = [percentile_interval(replicates[:, i], CONFIDENCE) for i in range(len(layers))]
        table["matched_difference"] = difference.mean(axis=0)
        table["low"] = [i.low if i else None for i in intervals]
        table["high"] = [i.high if i else None for i in intervals]
    return table
