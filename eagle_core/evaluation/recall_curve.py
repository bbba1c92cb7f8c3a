"""What fewer false alarms cost: the share of defects that is missed, for each share of false alarms that is accepted.

Read off the labelled test images (a part of the ROC curve of the expert's score), so no threshold that is fitted without
labels is held to it: it says what there is to win by another rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
import pandas as pd

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Of normal images, that may be called defective."""
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class RecallCurve:
    """One category."""

    dataset: str
    category: str
    normal: int
    defective: int
    recalls: tuple[float, ...]
    """At each of ``SHARES``."""


def curve_from(fields: Mapping[str, Any]) -> RecallCurve:
    """What ``dataclasses.asdict`` wrote into summary.json."""
    return RecallCurve(**{**fields, "recalls": tuple(fields["recalls"])})


def recall_curves(records: pd.DataFrame) -> Iterator[RecallCurve]:
    """Of each category whose test images hold both labels, in the order of ``records``."""
    for (dataset, category), mine in records.groupby(["dataset", "category"], sort=False):
        images = mine.drop_duplicates("image_id")
        images = images[images["expert_score"].notna()]
        normal, defective = (
            images[images["is_defective"].eq(other=label).fillna(value=False)]["expert_score"].to_numpy(dtype=np.float64)
            for label in (False, True)
        )
        if len(normal) and len(defective):
            recalls = tuple(recall_at(normal, defective, share) for share in SHARES)
            yield RecallCurve(str(dataset), str(category), len(normal), len(defective), recalls)


def recall_at(normal: np.ndarray, defective: np.ndarray, share: float) -> float:
    """Share of ``defective`` scores above the lowest threshold that at most ``share`` of the ``normal`` scores exceed."""
    allowed = floor(share * len(normal) + ROUNDING)
    if allowed >= len(normal):
        return 1.0
    limit = np.sort(normal)[::-1][allowed]
    return float((defective > limit).mean())
