"""From records to arrays: what one method said about the labelled images of one category.

Knows which rows count and how "no verdict" counts; not what is computed from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from eagle_core.errors import DataError

KEY = ["dataset", "category", "image_id", "question_id", "mllm", "method"]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """N labelled images (questions), sorted by id so that the order of the records does not matter."""

    ids: tuple[tuple[str, str], ...]
    """(image_id, question_id)."""
    labels: np.ndarray
    """``(N,) bool``: defective."""
    verdicts: np.ndarray
    """``(N,) bool``. An image without a verdict counts as wrong: here stands the opposite of its label."""
    unparsed: np.ndarray
    """``(N,) bool``: there was no verdict."""
    expert_verdicts: np.ndarray | None
    """``(N,) bool``, without one likewise the opposite of the label; None where no image has one."""
    scores: np.ndarray
    """``(M,) float64``, finite: the expert's score or the MLLM's P(defect), of the images that have one."""
    score_labels: np.ndarray
    """``(M,) bool``: their labels."""

    def __len__(self) -> int:
        return len(self.ids)


class GroupKey(NamedTuple):
    """Whose answers, on which data."""

    dataset: str
    mllm: str
    method: str


def yes_no_rows(records: pd.DataFrame) -> pd.DataFrame:
    """The labelled test rows of "is there a defect" questions; images that were not judged count in no metric.

    Raises:
        DataError: An answer is there twice (several runs in one table), or a number is NaN or infinite.
    """
    mine = (records["question_type"] == "anomaly_detection") & (records["split"] == "test") & (records["status"] != "not_judged")
    rows = records[mine & records["is_defective"].notna()]
    repeated = rows.duplicated(KEY, keep=False)
    if repeated.any():
        first = rows[repeated].iloc[0]
        raise DataError(
            f"{first['image_id']}: method {first['method']} answered it more than once "
            f"(runs {sorted(set(rows[repeated]['run_id']))}); evaluate one run at a time"
        )
    for column in ("expert_score", "p_defect"):
        known = rows[column].dropna().to_numpy(dtype=np.float64)
        if not np.isfinite(known).all():
            raise DataError(f"records: {column} holds NaN or infinite values; no value must be null")
    return rows


def groups(rows: pd.DataFrame) -> Iterator[tuple[GroupKey, dict[str, Outcomes]]]:
    """Each (dataset, MLLM, method) with its outcomes by category, in order of first appearance."""
    for (dataset, mllm, method), part in rows.groupby(["dataset", "mllm", "method"], sort=False):
        score_column = "expert_score" if method == "expert" else "p_defect"
        categories = {
            str(name): _outcomes(frame, score_column) for name, frame in part.groupby("category", sort=True)
        }
        yield GroupKey(str(dataset), str(mllm), str(method)), categories


def concatenated(parts: list[Outcomes]) -> Outcomes:
    """All categories in one."""
    experts = [part.expert_verdicts for part in parts]
    known = [array for array in experts if array is not None]
    return Outcomes(
        ids=tuple(i for part in parts for i in part.ids),
        labels=np.concatenate([part.labels for part in parts]),
        verdicts=np.concatenate([part.verdicts for part in parts]),
        unparsed=np.concatenate([part.unparsed for part in parts]),
        expert_verdicts=np.concatenate(known) if len(known) == len(experts) else None,
        scores=np.concatenate([part.scores for part in parts]),
        score_labels=np.concatenate([part.score_labels for part in parts]),
    )


def _outcomes(frame: pd.DataFrame, score_column: str) -> Outcomes:
    frame = frame.sort_values(["image_id", "question_id"])
    labels = frame["is_defective"].to_numpy(dtype=bool)
    unparsed = frame["verdict_defective"].isna().to_numpy(dtype=bool)
    expert = frame["expert_verdict"]
    scored = frame[score_column].notna().to_numpy(dtype=bool)
    return Outcomes(
        ids=tuple(zip(frame["image_id"], frame["question_id"], strict=True)),
        labels=labels,
        verdicts=_wrong_where_missing(frame["verdict_defective"], labels),
        unparsed=unparsed,
        expert_verdicts=None if expert.isna().all() else _wrong_where_missing(expert, labels),
        scores=frame[score_column][scored].to_numpy(dtype=np.float64),
        score_labels=labels[scored],
    )


def _wrong_where_missing(verdicts: pd.Series, labels: np.ndarray) -> np.ndarray:
    return np.where(verdicts.isna(), ~labels, verdicts.fillna(False).to_numpy(dtype=bool))
