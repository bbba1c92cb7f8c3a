"""Verdicts on images without labels: nothing can be measured there, but everybody wants to know how many were flagged."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class UnlabelledVerdicts:
    """What one method said of a category's unlabelled images."""

    dataset: str
    category: str
    mllm: str
    method: str
    defective: int
    """Images called defective."""
    undecided: int
    """Images without a verdict: unreadable, or the answer was unparsed."""
    images: int


def unlabelled_verdicts(records: pd.DataFrame) -> tuple[UnlabelledVerdicts, ...]:
    """One for each category, MLLM and method that judged unlabelled test images; none where all have labels.

    Args:
        records: Of a run, as ``read_records`` gives them.
    """
    asked = (records["question_type"] == "anomaly_detection") & (records["split"] == "test")
    rows = records[asked & records["is_defective"].isna()]
    return tuple(
        UnlabelledVerdicts(
            dataset=str(dataset),
            category=str(category),
            mllm=str(mllm),
            method=str(method),
            defective=int(part["verdict_defective"].fillna(value=False).sum()),
            undecided=int(part["verdict_defective"].isna().sum()),
            images=len(part),
        )
        for (dataset, category, mllm, method), part in rows.groupby(["dataset", "category", "mllm", "method"], sort=False)
    )
