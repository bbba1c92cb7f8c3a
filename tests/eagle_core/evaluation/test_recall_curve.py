"""Recall at a share of false alarms, by hand; and which categories have a curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eagle_core.evaluation.recall_curve import recall_at, recall_curves
from eagle_core.report.recall_table import recall_rows

NORMAL = np.arange(1.0, 11.0)
DEFECTIVE = np.array([5.5, 9.5, 10.0, 12.0])


@pytest.mark.parametrize(("share", "recall"), [(0.0, 0.25), (0.05, 0.25), (0.1, 0.75), (0.2, 0.75), (0.5, 1.0), (1.0, 1.0)])
def test_recall_by_hand(share: float, recall: float) -> None:
    """At 0 %: above 10, of which 10.0 itself is not. At 10 % one normal image may lie above: the limit is 9."""
    assert recall_at(NORMAL, DEFECTIVE, share) == recall


def test_each_image_counts_once_and_both_labels_are_needed() -> None:
    rows = [("set", "lid", f"n{i}", False, score) for i, score in enumerate(NORMAL)]
    rows += [("set", "lid", f"d{i}", True, score) for i, score in enumerate(DEFECTIVE)] * 2
    rows += [("set", "cup", "n", False, 1.0), ("set", "pen", "u", None, 3.0)]
    records = pd.DataFrame(rows, columns=["dataset", "category", "image_id", "is_defective", "expert_score"])
    records["is_defective"] = records["is_defective"].astype("boolean")
    [curve] = recall_curves(records)
    assert (curve.category, curve.normal, curve.defective) == ("lid", 10, 4)
    assert curve.recalls == (0.25, 0.25, 0.25, 0.25, 0.75, 0.75)
    [row] = recall_rows([curve])
    assert row == ("lid", "set", "75 %", "75 %", "75 %", "75 %", "25 %", "25 %", "▃▃▃▃▇▇", "10 / 4")
