"""Whether P(defect) can be believed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eagle_core.evaluation.calibration_error import calibration_error
from eagle_core.evaluation.classification import auroc
from eagle_core.evaluation.outcomes import yes_no_rows
from eagle_core.experiments.tables.answered import Answered
from eagle_core.record_table import NO_MLLM


def calibration(groups: Sequence[Answered]) -> pd.DataFrame:
    """P(defect) of every MLLM: its expected calibration error (ECE), its mean beside the share of defective images, and its AUROC."""
    rows = []
    for group in groups:
        answered = yes_no_rows(group.records).dropna(subset=["p_defect"])
        if group.mllm == NO_MLLM or answered.empty:
            continue
        said, truth = answered["p_defect"].to_numpy(dtype="float64"), answered["is_defective"].to_numpy(dtype=bool)
        rows.append(
            {
                **group.subject,
                "images": len(answered),
                "calibration_error": calibration_error(said, truth),
                "mean_p_defect": float(said.mean()),
                "share_defective": float(truth.mean()),
                "auroc_pooled": auroc(truth, said),
            }
        )
    return pd.DataFrame(rows)
