"""What guided attention changed where the gate was open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eagle_core.experiments.tables.answered import Answered


def gate_effect(groups: Sequence[Answered]) -> pd.DataFrame:
    """How often the gate opened, and how EAGLE's answers there differ from those without CAAS."""
    rows = []
    unguided = {(g.point, g.dataset, g.mllm): g.records for g in groups if g.method == "eagle_no_caas"}
    for group in groups:
        without = unguided.get((group.point, group.dataset, group.mllm))
        if group.method != "eagle" or without is None:
            continue
        both = group.records.merge(
            without, on=["category", "image_id", "question_id"], suffixes=("", "_without")
        )
        both = both[both["question_type"] == "anomaly_detection"]
        opened = both[both["gate_open"].fillna(value=False)]
        changed = opened[opened["verdict_defective"] != opened["verdict_defective_without"]]
        right = (changed["verdict_defective"] == changed["is_defective"]).sum()
        moved = (opened["p_defect"] - opened["p_defect_without"]).astype("float64")
        rows.append(
            {
                "point": group.point,
                "dataset": group.dataset,
                "mllm": group.mllm,
                "images": len(both),
                "gate_open": len(opened),
                "defective_of_these": int(opened["is_defective"].sum()),
                "verdicts_changed": len(changed),
                "corrected": int(right),
                "spoiled": len(changed) - int(right),
                "mean_change_of_p_defect": float(moved.mean()) if len(moved) else None,
                "largest_change_of_p_defect": float(np.abs(moved).max()) if len(moved) else None,
            }
        )
    return pd.DataFrame(rows)
