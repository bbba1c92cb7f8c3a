"""What a threshold promised and what it kept, as columns of a table."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.stats import binomtest

from eagle_core.config import ThresholdConfig

TARGETED = frozenset({"gev", "quantile", "conformal"})
"""Threshold rules that are told a false-alarm rate."""
CONFIDENCE = 0.95


def rate_columns(records: pd.DataFrame, threshold: ThresholdConfig) -> dict[str, Any]:
    """False alarms over all normal images beside the target (interval: Wilson, 95 %), and the defective ones found.

    Args:
        records: The expert's, labelled; at least one image is normal.
        threshold: Its rule decides whether there is a target.
    """
    normal = records[~records["is_defective"].astype(bool)]
    defective = records[records["is_defective"].astype(bool)]
    alarms, found = int(normal["verdict_defective"].sum()), int(defective["verdict_defective"].sum())
    interval = binomtest(alarms, len(normal)).proportion_ci(CONFIDENCE, method="wilson")
    return {
        "target": threshold.false_alarm_rate if threshold.method in TARGETED else None,
        "achieved": alarms / len(normal),
        "low": float(interval.low),
        "high": float(interval.high),
        "false_alarms": alarms,
        "normal_images": len(normal),
        "found": found / len(defective) if len(defective) else None,
        "defective_images": len(defective),
    }
