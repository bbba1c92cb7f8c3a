"""The summary of a run: every metric of every method by category, as macro mean, and pooled.

A metric's definition is in its name: ``balanced_accuracy`` of one category, ``balanced_accuracy_macro`` (mean
over the categories that have a value, as EAGLE reports), ``balanced_accuracy_pooled`` (all images as one set, as
MMAD reports). Intervals are percentile bootstrap, stratified by category and label. No value is null.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from cachetools import LRUCache, cached

from eagle_core.config import EvaluationConfig
from eagle_core.evaluation.bootstrap import generator, percentile_interval, stratified_draws
from eagle_core.evaluation.flips import GUIDED_METHODS, Flips, flips, rate, rate_replicates
from eagle_core.evaluation.outcomes import GroupKey, Outcomes, concatenated, groups, yes_no_rows

if TYPE_CHECKING:
    from eagle_core.evaluation.classification import VerdictMetric

MACRO, POOLED = "macro", "pooled"
DRAWS_BYTES = 128 * 2**20

SUMMARY_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("mllm", pa.string()),
        ("method", pa.string()),
        ("scope", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n", pa.int64()),
        ("n_unparsed", pa.int64()),
        ("n_categories", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One number of the summary."""

    dataset: str
    mllm: str
    method: str
    scope: str
    """A category's name, ``macro`` or ``pooled``."""
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    """Images the number is computed from; for a flip rate, the expert's wrong (or right) verdicts."""
    n_unparsed: int
    """Images without a verdict: wrong in verdict metrics and flips. For AUROC: left out for want of a score."""
    n_categories: int
    """Categories that enter the number; a macro mean leaves out those without a value."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric of one set of images."""

    value: float | None
    replicates: np.ndarray
    n: int
    n_unparsed: int


Measure = Callable[[Outcomes, np.ndarray, np.ndarray], Measured | None]
"""(outcomes, draws of images, draws of scored images) -> one metric; None where it does not apply."""


def summarise(records: pd.DataFrame, config: EvaluationConfig, seed: int) -> pd.DataFrame:
    """Every metric as one row: columns of ``SUMMARY_SCHEMA``, "no value" as ``pd.NA``.

    Args:
        records: Of one run, as ``read_records`` or ``to_frame`` gives them. Rows without a label, of other
            questions than yes/no, and of training images do not count.
        config: Number of resamples and confidence.
        seed: Of the resampling. Equal images get equal draws whatever the method.

    Raises:
        DataError: A record is there twice, or holds NaN.
    """
    rows = [
        row
        for key, parts in groups(yes_no_rows(records))
        for row in _summarise_group(key, parts, config, seed)
    ]
    return summary_frame(rows)


def summary_frame(rows: list[SummaryRow]) -> pd.DataFrame:
    """Rows as a table of ``SUMMARY_SCHEMA``."""
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=SUMMARY_SCHEMA)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def summary_of(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """The ``summary`` of a ``summary.json`` as a table; its columns are there even where nothing could be measured."""
    return pd.DataFrame(rows, columns=SUMMARY_SCHEMA.names)


def category_draws(
    dataset: str,
    parts: dict[str, Outcomes],
    labels: Callable[[Outcomes], np.ndarray],
    samples: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Draws for each category, a function of its name and labels alone: methods that share images share draws. Not to be changed."""
    return {name: _drawn(dataset, name, labels(part).astype(bool).tobytes(), samples, seed) for name, part in parts.items()}


@cached(LRUCache(DRAWS_BYTES, getsizeof=lambda draws: draws.nbytes), lock=threading.Lock())
def _drawn(dataset: str, category: str, labels: bytes, samples: int, seed: int) -> np.ndarray:
    """Kept up to a limit: every method and every comparison draws the same."""
    return stratified_draws(np.frombuffer(labels, dtype=bool), samples, generator(seed, dataset, category))


def pooled_draws(draws: list[np.ndarray]) -> np.ndarray:
    """Draws for the concatenated categories: strata stay category x label."""
    offsets = np.cumsum([0, *(d.shape[1] for d in draws[:-1])])
    return np.concatenate([d + offset for d, offset in zip(draws, offsets, strict=True)], axis=1)


def _summarise_group(
    key: GroupKey, parts: dict[str, Outcomes], config: EvaluationConfig, seed: int
) -> Iterator[SummaryRow]:
    samples = config.bootstrap_samples
    draws = category_draws(key.dataset, parts, lambda o: o.labels, samples, seed)
    score_draws = category_draws(key.dataset, parts, lambda o: o.score_labels, samples, seed)
    everything = concatenated(list(parts.values()))
    all_draws, all_score_draws = pooled_draws(list(draws.values())), pooled_draws(list(score_draws.values()))

    def row(scope: str, metric: str, measured: Measured, n_categories: int) -> SummaryRow:
        interval = (
            None if measured.value is None else percentile_interval(measured.replicates, config.confidence)
        )
        low, high = interval if interval else (None, None)
        return SummaryRow(
            *key, scope, metric, measured.value, low, high, measured.n, measured.n_unparsed, n_categories
        )

    for name, measure in _measures(key.method):
        by_category = {c: measure(part, draws[c], score_draws[c]) for c, part in parts.items()}
        known = {c: measured for c, measured in by_category.items() if measured is not None}
        for category, measured in known.items():
            yield row(category, name, measured, 1)
        if known:
            yield row(MACRO, f"{name}_macro", _macro(known), sum(m.value is not None for m in known.values()))
        # One category is all images, with the same draws.
        pooled = next(iter(by_category.values())) if len(parts) == 1 else measure(everything, all_draws, all_score_draws)
        if pooled is not None:
            yield row(POOLED, f"{name}_pooled", pooled, len(known))


def _macro(known: dict[str, Measured]) -> Measured:
    """Unweighted mean over the categories that have a value."""
    valued = [(m.value, m.replicates) for m in known.values() if m.value is not None]
    n, unparsed = sum(m.n for m in known.values()), sum(m.n_unparsed for m in known.values())
    if not valued:
        return Measured(None, np.empty(0), n, unparsed)
    stacked = np.ma.masked_invalid([replicates for _, replicates in valued])
    replicates = np.ma.mean(stacked, axis=0).filled(np.nan)
    return Measured(float(np.mean([value for value, _ in valued])), replicates, n, unparsed)


def _measures(method: str) -> Iterator[tuple[str, Measure]]:
    # With it come torch and scikit-learn, and a summary that is read back needs neither.
    from eagle_core.evaluation.classification import VERDICT_METRICS

    for metric in VERDICT_METRICS:
        yield metric.name, _verdict_measure(metric)
    yield ("auroc_expert_score" if method == "expert" else "auroc_p_defect"), _measure_auroc
    if method in GUIDED_METHODS:
        yield "flip_rate_corrected", _flip_measure(lambda f: (f.corrected, ~f.expert_right))
        yield "flip_rate_spoiled", _flip_measure(lambda f: (f.spoiled, f.expert_right))


def _verdict_measure(metric: VerdictMetric) -> Measure:
    def measure(outcomes: Outcomes, draws: np.ndarray, score_draws: np.ndarray) -> Measured:
        return Measured(
            metric.point(outcomes.labels, outcomes.verdicts),
            metric.replicates(outcomes.labels, outcomes.verdicts, draws),
            len(outcomes),
            int(outcomes.unparsed.sum()),
        )

    return measure


def _measure_auroc(outcomes: Outcomes, draws: np.ndarray, score_draws: np.ndarray) -> Measured:
    from eagle_core.evaluation.classification import auroc, auroc_replicates

    return Measured(
        auroc(outcomes.score_labels, outcomes.scores),
        auroc_replicates(outcomes.score_labels, outcomes.scores, score_draws),
        len(outcomes.scores),
        len(outcomes) - len(outcomes.scores),
    )


def _flip_measure(pick: Callable[[Flips], tuple[np.ndarray, np.ndarray]]) -> Measure:
    def measure(outcomes: Outcomes, draws: np.ndarray, score_draws: np.ndarray) -> Measured | None:
        changes = flips(outcomes)
        if changes is None:
            return None
        changed, among = pick(changes)
        return Measured(
            rate(changed, among),
            rate_replicates(changed, among, draws),
            int(among.sum()),
            int((outcomes.unparsed & among).sum()),
        )

    return measure
