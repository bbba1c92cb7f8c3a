"""What the nodes of the DAG take and return: small plain values that travel between processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.record_table import NO_MLLM, read_records
from eagle_core.records import Method
from tasks.machinery.stage import NotRun, Result
from tasks.machinery.store import Entry
from tasks.stages.data import CategoryName


@dataclass(frozen=True, slots=True)
class Point:
    """One configuration that the graph is run for: a run has one, a sweep many."""

    label: str
    values: dict[str, Any]
    """By dotted key: what sets this point apart."""
    config: EagleConfig


@dataclass(frozen=True, slots=True)
class FittedCategory:
    """A category whose expert has read the test images; or why not. Points with equal experts share it."""

    name: CategoryName
    expert: Result
    predictions: Result


@dataclass(frozen=True, slots=True)
class JudgedCategory:
    """What one point's questions about a category are made from, and what the expert alone says."""

    fitted: FittedCategory
    threshold: Result
    expert_records: Result | None
    """None: the method ``expert`` is not asked for."""
    knowledge: Result | None
    """Echo's; None: no method needs it."""

    def results(self) -> tuple[Result | None, ...]:
        """Of this node alone."""
        return (self.threshold, self.expert_records, self.knowledge)


@dataclass(frozen=True, slots=True)
class Reading:
    """One category and the points that share its expert: everything there is before a question is asked."""

    name: CategoryName
    points: tuple[int, ...]
    """Indices of the points."""
    judged: tuple[JudgedCategory, ...]
    """One for each of ``points``."""
    memories: tuple[Result | None, ...]
    """Echo's, one for each of ``points``; None where no method needs it."""
    localisation: Result | None
    """None where it is not measured."""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """The records of one method of one MLLM about a category, shard by shard; or why there are none."""

    mllm: str
    """``none`` for the expert alone."""
    method: Method
    records: tuple[Entry, ...] | NotRun


@dataclass(frozen=True, slots=True)
class CategoryResult:
    """What the graph came to for one category at one point."""

    judged: JudgedCategory
    methods: tuple[MethodResult, ...]
    memory: Result | None = None
    """Echo's; None: no method needs it."""
    localisation: Result | None = None
    figures: Result | None = None
    """None where only a single run makes them."""

    @property
    def name(self) -> CategoryName:
        """Which category."""
        return self.judged.fitted.name

    @property
    def expert(self) -> Result:
        """The fitted expert."""
        return self.judged.fitted.expert

    @property
    def predictions(self) -> Result:
        """Its reading of the test images."""
        return self.judged.fitted.predictions

    @property
    def threshold(self) -> Result:
        """tau and s_max."""
        return self.judged.threshold

    def entries(self) -> Iterator[Entry]:
        """Everything in the store that this result is made of."""
        single = (self.expert, self.predictions, self.threshold, self.judged.knowledge, self.localisation, self.figures)
        yield from (result for result in single if isinstance(result, Entry))
        for done in self.methods:
            if not isinstance(done.records, NotRun):
                yield from done.records

    def sources(self) -> Iterator[Entry]:
        """``entries`` and the memory, which the categories of a dataset share."""
        yield from self.entries()
        if isinstance(self.memory, Entry):
            yield self.memory


def of_expert(judged: JudgedCategory) -> tuple[MethodResult, ...]:
    """The method ``expert`` as a result like any other; empty where it is not asked for."""
    records = judged.expert_records
    if records is None:
        return ()
    return (MethodResult(NO_MLLM, "expert", records if isinstance(records, NotRun) else (records,)),)


def of_shards(mllm: str, method: Method, shards: Sequence[Result]) -> MethodResult:
    """One method's result from its shards: the first absence, or all entries."""
    absent = next((result for result in shards if isinstance(result, NotRun)), None)
    entries = tuple(result for result in shards if isinstance(result, Entry))
    return MethodResult(mllm, method, absent or entries)


def records_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """The records of several entries in one table."""
    return pd.concat([read_records(entry.path / "records.parquet") for entry in entries], ignore_index=True)


def with_run_id(records: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """``records`` as those of one run: what is in the store belongs to none."""
    return records.assign(run_id=pd.Series(run_id, index=records.index, dtype=records["run_id"].dtype))
