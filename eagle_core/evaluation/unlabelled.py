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


@dataclass(frozen=True, slots=True)
class RankedImage:
    """One unlabelled image in the order in which a person should look at them."""

    dataset: str
    category: str
    image_id: str
    score: float | None
    """The expert's; None: it could not be read or was not judged."""
    limit: float | None
    verdict: bool | None
    """Defective, in the words of whoever decides: the expert."""
    reason: str | None
    """Why there is no verdict."""


def worst_first(records: pd.DataFrame) -> tuple[RankedImage, ...]:
    """Every unlabelled test image once: those without a verdict first, then by score, as a multiple of the limit."""
    asked = (records["question_type"] == "anomaly_detection") & (records["split"] == "test")
    rows = records[asked & records["is_defective"].isna()]
    rows = rows.sort_values("method", key=lambda column: column != "expert", kind="stable")
    ranked = [
        RankedImage(
            str(row.dataset),
            str(row.category),
            str(row.image_id),
            *(None if pd.isna(value) else value for value in (row.expert_score, row.tau, row.expert_verdict, row.error)),
        )
        for row in rows.drop_duplicates(["dataset", "category", "image_id"]).itertuples()
    ]
    return tuple(sorted(ranked, key=lambda image: (image.score is not None, -(image.score or 0) / (image.limit or 1))))


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
