"""McNemar's exact test: do two methods that judged the same images differ in how often they are right?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import binomtest

from eagle_core.evaluation.outcomes import GroupKey, Outcomes, concatenated, groups, yes_no_rows
from eagle_core.record_table import NO_MLLM

MCNEMAR_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("mllm", pa.string()),
        ("method", pa.string()),
        ("baseline", pa.string()),
        ("only_method_right", pa.int64()),
        ("only_baseline_right", pa.int64()),
        ("n", pa.int64()),
        ("p_value", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class McNemarRow:
    """One comparison over all categories of a dataset."""

    dataset: str
    mllm: str
    method: str
    baseline: str
    only_method_right: int
    only_baseline_right: int
    n: int
    """Images that both judged."""
    p_value: float
    """Two-sided, exact binomial; 1 where no image is judged differently."""


def mcnemar(records: pd.DataFrame, method: str, baseline: str) -> pd.DataFrame:
    """Compare ``method`` with ``baseline`` (``expert`` is one for every MLLM): columns of ``MCNEMAR_SCHEMA``.

    An image without a verdict counts as wrong, as in the metrics. Images that only one side answered are left out.
    """
    found = dict(groups(yes_no_rows(records)))
    rows: list[McNemarRow] = []
    for key, parts in found.items():
        other = found.get(GroupKey(key.dataset, NO_MLLM if baseline == "expert" else key.mllm, baseline))
        if key.method == method and other is not None:
            rows += _compare(key, parts, baseline, other)
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=MCNEMAR_SCHEMA)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def _compare(
    key: GroupKey, parts: dict[str, Outcomes], baseline: str, other: dict[str, Outcomes]
) -> Iterator[McNemarRow]:
    mine = _right(concatenated(list(parts.values())))
    theirs = _right(concatenated(list(other.values())))
    both = sorted(mine.keys() & theirs.keys())
    a = np.array([mine[i] for i in both], dtype=bool)
    b = np.array([theirs[i] for i in both], dtype=bool)
    gained, lost = int((a & ~b).sum()), int((b & ~a).sum())
    p_value = float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
    yield McNemarRow(key.dataset, key.mllm, key.method, baseline, gained, lost, len(both), p_value)


def _right(outcomes: Outcomes) -> dict[tuple[str, str], bool]:
    """(image_id, question_id) -> judged rightly."""
    return dict(zip(outcomes.ids, (outcomes.verdicts == outcomes.labels).tolist(), strict=True))
