"""A promised rate of false alarms beside the one that the labelled test images show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eagle_core.records import Threshold


@dataclass(frozen=True, slots=True)
class Level:
    """What another rate would have come to."""

    rate: float
    tau: float
    false_alarms: float | None
    """Share of the normal test images; None: there are none."""
    recall: float | None
    """Share of the defective test images; None: there are none."""


@dataclass(frozen=True, slots=True)
class KeptPromise:
    """The expert's threshold of one category on its labelled test images."""

    dataset: str
    category: str
    rule: str
    calibration: str
    asked: float
    promised: float
    bound: float | None
    units: int
    grouped: bool
    statement: str
    alarms: int
    normal: int
    low: float | None
    """Wilson interval of alarms / normal; None where there are no normal test images."""
    high: float | None
    caught: int
    defective: int
    warnings: int
    """Normal test images between the warning level and tau."""
    levels: tuple[Level, ...]
    at_risk: bool
    """New images are less like the training images than those are like each other."""
    different_parts: float | None = None
    """On the training images (effective number); None: not measured."""
    variety: str = ""
    """The same in a sentence."""

    @property
    def exceeded(self) -> bool:
        """True where the test images show, beyond chance, more false alarms than promised."""
        return self.low is not None and self.low > self.promised


def promise_from(fields: Mapping[str, Any]) -> KeptPromise:
    """What ``dataclasses.asdict`` wrote into summary.json."""
    return KeptPromise(**{**fields, "levels": tuple(Level(**level) for level in fields["levels"])})


def kept_promise(
    dataset: str, category: str, threshold: Threshold, records: pd.DataFrame, confidence: float
) -> KeptPromise | None:
    """Compare; None where the rule promises no rate.

    Args:
        dataset: Its name.
        category: Its name.
        threshold: Of the category.
        records: Of a run; those of other categories are passed over.
        confidence: Of the Wilson interval.
    """
    promise = threshold.promise
    if promise is None:
        return None
    mine = records[(records["dataset"] == dataset) & (records["category"] == category)].drop_duplicates("image_id")
    mine = mine[mine["expert_score"].notna()]
    normal = mine[mine["is_defective"].eq(other=False).fillna(value=False)]["expert_score"].to_numpy(dtype=np.float64)
    defective = mine[mine["is_defective"].eq(other=True).fillna(value=False)]["expert_score"].to_numpy(dtype=np.float64)
    alarms = int((normal >= threshold.tau).sum())
    interval = _wilson(alarms, len(normal), confidence) if len(normal) else (None, None)
    warned = 0 if threshold.tau_warn is None else int(((normal >= threshold.tau_warn) & (normal < threshold.tau)).sum())
    return KeptPromise(
        dataset=dataset,
        category=category,
        rule=threshold.method,
        calibration=promise.calibration,
        asked=promise.asked,
        promised=promise.rate,
        bound=promise.bound,
        units=promise.units,
        grouped=promise.grouped,
        statement=promise.statement,
        alarms=alarms,
        normal=len(normal),
        low=interval[0],
        high=interval[1],
        caught=int((defective >= threshold.tau).sum()),
        defective=len(defective),
        warnings=warned,
        levels=tuple(Level(rate, tau, _share(normal, tau), _share(defective, tau)) for rate, tau in threshold.levels),
        at_risk=threshold.shift is not None and threshold.shift.promise_at_risk,
        different_parts=threshold.different_parts,
        variety=threshold.variety,
    )


def _wilson(alarms: int, normal: int, confidence: float) -> tuple[float, float]:
    from scipy.stats import binomtest  # a promise that is read back does without

    interval = binomtest(alarms, normal).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def _share(scores: np.ndarray, tau: float) -> float | None:
    return float((scores >= tau).mean()) if len(scores) else None
