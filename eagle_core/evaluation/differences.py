"""Paired differences between two methods on the same images, with bootstrap intervals.

The interval of a difference is much narrower than those of its two sides suggest, because both answered the
same images: each resample draws one set of images for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from eagle_core.config import EvaluationConfig
from eagle_core.errors import DataError
from eagle_core.evaluation.bootstrap import percentile_interval
from eagle_core.evaluation.classification import VERDICT_METRICS, VerdictMetric
from eagle_core.evaluation.outcomes import GroupKey, Outcomes, concatenated, groups, yes_no_rows
from eagle_core.evaluation.summary import MACRO, POOLED, category_draws, pooled_draws
from eagle_core.record_table import NO_MLLM

DIFFERENCE_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("mllm", pa.string()),
        ("method", pa.string()),
        ("baseline", pa.string()),
        ("scope", pa.string()),
        ("metric", pa.string()),
        ("difference", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """``method`` minus ``baseline`` in one metric."""

    dataset: str
    mllm: str
    method: str
    baseline: str
    scope: str
    metric: str
    difference: float | None
    """None where either side has no value."""
    low: float | None
    high: float | None
    n: int


def paired_differences(
    records: pd.DataFrame, method: str, baseline: str, config: EvaluationConfig, seed: int
) -> pd.DataFrame:
    """Every verdict metric of ``method`` minus that of ``baseline``: columns of ``DIFFERENCE_SCHEMA``.

    The expert is a baseline for every MLLM; two methods that ask an MLLM are compared where it is the same.

    Raises:
        DataError: A record is there twice, or the two methods did not answer the same images.
    """
    found = dict(groups(yes_no_rows(records)))
    rows: list[DifferenceRow] = []
    for key, parts in found.items():
        other = found.get(GroupKey(key.dataset, NO_MLLM if baseline == "expert" else key.mllm, baseline))
        if key.method == method and other is not None:
            _check_same_images(key, parts, baseline, other)
            rows += _differences(key, parts, baseline, other, config, seed)
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=DIFFERENCE_SCHEMA)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def _check_same_images(
    key: GroupKey, parts: dict[str, Outcomes], baseline: str, other: dict[str, Outcomes]
) -> None:
    for category in sorted(parts.keys() | other.keys()):
        mine = {image for image, _ in parts[category].ids} if category in parts else set()
        theirs = {image for image, _ in other[category].ids} if category in other else set()
        if mine != theirs:
            raise DataError(
                f"{key.dataset}/{category}: {key.method} and {baseline} did not answer the same images "
                f"(such as {min(mine ^ theirs)}); finish the run before comparing"
            )
        if parts[category].labels.shape != other[category].labels.shape:
            raise DataError(
                f"{key.dataset}/{category}: {key.method} and {baseline} were not asked equally many questions"
            )


def _differences(
    key: GroupKey,
    parts: dict[str, Outcomes],
    baseline: str,
    other: dict[str, Outcomes],
    config: EvaluationConfig,
    seed: int,
) -> Iterator[DifferenceRow]:
    draws = category_draws(key.dataset, parts, lambda o: o.labels, config.bootstrap_samples, seed)
    for metric in VERDICT_METRICS:
        by_category = {c: _difference(metric, parts[c], other[c], draws[c]) for c in parts}
        for category, (value, replicates) in by_category.items():
            yield _row(key, baseline, category, metric.name, value, replicates, len(parts[category]), config)
        valued = [(value, replicates) for value, replicates in by_category.values() if value is not None]
        n = sum(len(part) for part in parts.values())
        macro = float(np.mean([value for value, _ in valued])) if valued else None
        stacked = np.ma.masked_invalid([replicates for _, replicates in valued] or [np.full(1, np.nan)])
        macro_replicates = np.ma.mean(stacked, axis=0).filled(np.nan)
        yield _row(key, baseline, MACRO, f"{metric.name}_macro", macro, macro_replicates, n, config)
        mine, theirs = concatenated(list(parts.values())), concatenated([other[c] for c in parts])
        pooled, pooled_replicates = _difference(metric, mine, theirs, pooled_draws(list(draws.values())))
        yield _row(key, baseline, POOLED, f"{metric.name}_pooled", pooled, pooled_replicates, n, config)


def _difference(
    metric: VerdictMetric, mine: Outcomes, theirs: Outcomes, draws: np.ndarray
) -> tuple[float | None, np.ndarray]:
    a, b = metric.point(mine.labels, mine.verdicts), metric.point(theirs.labels, theirs.verdicts)
    replicates = metric.replicates(mine.labels, mine.verdicts, draws) - metric.replicates(
        theirs.labels, theirs.verdicts, draws
    )
    return (None if a is None or b is None else a - b), replicates


def _row(
    key: GroupKey,
    baseline: str,
    scope: str,
    metric: str,
    difference: float | None,
    replicates: np.ndarray,
    n: int,
    config: EvaluationConfig,
) -> DifferenceRow:
    interval = None if difference is None else percentile_interval(replicates, config.confidence)
    low, high = interval if interval else (None, None)
    return DifferenceRow(key.dataset, key.mllm, key.method, baseline, scope, metric, difference, low, high, n)
