"""A benchmark's MLflow run while it goes on: open from the start, with progress, each method logged when it is done."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.evaluation.promises import kept_promise
from eagle_core.evaluation.summary import summarise, summary_frame
from tasks.graph.values import CategoryResult, JudgedCategory, MethodResult, records_of, with_run_id
from tasks.machinery.journal import noted
from tasks.machinery.provenance import Provenance
from tasks.machinery.signals import signals_later
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry
from tasks.machinery.tracking import Ending, RunContent, Tracker
from tasks.report.run_content import child_content, child_identity, parent_content
from tasks.stages.threshold import read_threshold

LOG = logging.getLogger("eagle.tracking")
STEP = 0.05
"""Smaller progress is not told: each step is a write."""


def open_run(tracker: Tracker, content: RunContent) -> str:
    """Open the run of ``content``, after closing what processes that were killed left open; returns MLflow's run id."""
    for orphan in tracker.close_orphans():
        LOG.warning("MLflow run %s was left open by a process that is gone: closed as killed", orphan)
    return tracker.open(content)


class LiveRun:
    """One open run. To be used by the flow's own process, in its main thread, alone."""

    def __init__(self, tracker: Tracker, mlflow_run_id: str) -> None:
        """Take up an open run."""
        self._tracker = tracker
        self.mlflow_run_id = mlflow_run_id
        self._told = 0.0
        self._ended = False

    def advance(self, share: float) -> None:
        """Tell which share of the work is done, 0..1."""
        if share - self._told >= STEP or share >= 1.0:
            with signals_later():  # done or not begun, so that the next write, which closes the run, meets no half of one
                self._tracker.advance(self.mlflow_run_id, share)
            self._told = share

    def log(self, content: RunContent) -> None:
        """Write a child run and finish it."""
        with signals_later():
            self._tracker.log(content, parent=self.mlflow_run_id)

    def end(self, ending: Ending) -> None:
        """Close the run; what comes later does not change it."""
        if not self._ended:
            self._ended = True
            with signals_later():
                self._tracker.close(self.mlflow_run_id, ending)


class LiveBenchmark(LiveRun):
    """The open run of a single benchmark, whose children are its categories' methods."""

    def __init__(self, config: EagleConfig, project: Path, provenance: Provenance) -> None:
        """Open it."""
        self._config, self._provenance = config, provenance
        self._folder = config.run.output_dir / provenance.run_id
        self._folder.mkdir(parents=True, exist_ok=True)
        opening = parent_content(config, provenance, summary_frame([]), self._folder)
        with noted(config.run.cache_dir, "MLflow"):
            tracker = Tracker(config.tracking, project)
            super().__init__(tracker, open_run(tracker, dataclasses.replace(opening, artifacts=())))
            self._finished = tracker.finished_children(self.mlflow_run_id)

    def answered(self, judged: JudgedCategory, done: MethodResult) -> None:
        """Log one method of one category, now that all its questions are answered."""
        identity = child_identity(self._provenance, judged.fitted.name, done)
        if isinstance(done.records, NotRun) or identity in self._finished:
            return
        records = with_run_id(records_of(done.records), self._provenance.run_id)
        with noted(self._config.run.cache_dir, "metrics"):
            summary = summarise(records, self._config.evaluation, seed=self._config.run.seed)
        assert isinstance(judged.threshold, Entry)  # or there would be no records
        name, confidence = judged.fitted.name, self._config.evaluation.confidence
        promise = kept_promise(name.dataset, name.category, read_threshold(judged.threshold), records, confidence)
        result = CategoryResult(judged, (done,))
        with noted(self._config.run.cache_dir, "MLflow"):
            self.log(child_content(self._config, self._provenance, summary, result, done, records, promise, self._folder))
