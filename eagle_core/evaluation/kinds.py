"""How many defects of each kind were found: what MVTec LOCO's logical and structural anomalies are kept apart by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class FoundKind:
    """One kind of defect in one dataset under one method."""

    dataset: str
    kind: str
    mllm: str
    method: str
    images: int
    found: int
    """Called defective; an image without a verdict is not."""


def found_by_kind(records: pd.DataFrame) -> Iterator[FoundKind]:
    """Of all categories of a dataset together; datasets in which defects are of one kind only are passed over."""
    asked = records[records["question_type"] == "anomaly_detection"]
    defective = asked[asked["is_defective"].fillna(value=False) & asked["defect_kind"].notna()]
    for dataset, of_dataset in defective.groupby("dataset", sort=False):
        if of_dataset["defect_kind"].nunique() < 2:
            continue
        for (kind, mllm, method), mine in of_dataset.groupby(["defect_kind", "mllm", "method"], sort=False):
            found = int(mine["verdict_defective"].fillna(value=False).sum())
            yield FoundKind(str(dataset), str(kind), str(mllm), str(method), len(mine), found)
