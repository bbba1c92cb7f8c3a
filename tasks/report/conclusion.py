"""Ends a benchmark: records of all categories, summary, run folder, MLflow.

The run folder is ``<output_dir>/<run_id>/`` with ``records.parquet``, ``summary.json``, ``figures/``,
``report.html`` and ``stages.json`` (what it was made from);
``<output_dir>/latest_metrics.json`` holds the headline metrics for DVC.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import task

from eagle_core.config import EagleConfig
from eagle_core.data.demo import SCENES_FILE, load_scenes
from eagle_core.data.scene import SceneRecord
from eagle_core.errors import FitError
from eagle_core.evaluation.comparisons import Comparison
from eagle_core.evaluation.completeness import missing_lines, not_judged, p_defect_notes
from eagle_core.evaluation.promises import KeptPromise
from eagle_core.evaluation.recall_curve import recall_curves
from eagle_core.evaluation.table import NotRunRow
from eagle_core.evaluation.unlabelled import UnlabelledVerdicts, unlabelled_verdicts, worst_first
from eagle_core.evaluation.unread import UnreadImage
from eagle_core.names import short_name
from eagle_core.record_table import write_table
from eagle_core.whole_file import written_whole
from tasks.graph.values import CategoryResult, records_of, with_run_id
from tasks.machinery.journal import noted, read_journal
from tasks.machinery.provenance import Provenance
from tasks.machinery.stage import NotRun
from tasks.machinery.stand_in import not_asked_notes
from tasks.machinery.store import Entry
from tasks.machinery.tracking import Tracker
from tasks.report.fitted import fitted_limits
from tasks.report.kept_stages import keep_stages
from tasks.report.missing import absent_datasets, absent_methods, fitted_categories, unread_images
from tasks.report.page import write_page
from tasks.report.pixels import pixel_rows
from tasks.report.promises import promises_of
from tasks.report.run_content import child_content, parent_content
from tasks.report.timings import Timing, timings_of
from tasks.stages.data import AvailableData
from tasks.stages.knowledge import FILE as KNOWLEDGE_FILE
from tasks.stages.localisation import mask_remarks
from tasks.stages.measurement import measure, read_measurement

LOG = logging.getLogger("eagle.report")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run ends with."""

    run_id: str
    folder: Path
    mlflow_run_id: str
    computed: int
    """Stages that were computed."""
    cached: int
    """Stages that were found in the store."""
    loads: int
    """How often an MLLM came into the memory of a process."""
    absences: tuple[NotRunRow, ...]
    missing: tuple[str, ...]
    """What was asked for and is not there, a line each; empty: everything was done."""
    unread: tuple[UnreadImage, ...]
    """Training images that could not be read."""
    summary: pd.DataFrame
    """Of ``summarise``: what the tables are made from."""
    timings: tuple[Timing, ...]
    """Where the seconds went."""


@task(name="report", persist_result=False)
def conclude(
    config: EagleConfig,
    project: Path,
    provenance: Provenance,
    available: AvailableData,
    results: list[CategoryResult],
    *,
    notes_before: int,
) -> Outcome:
    """Write the run folder and log it to MLflow.

    Args:
        config: Of the run.
        project: Folder of params.yaml.
        provenance: Where the results come from.
        available: The datasets.
        results: What the graph came to.
        notes_before: How many lines the store's journal had before the graph ran.

    Raises:
        FitError: Nothing at all could be run; the message lists why.
    """
    absences = (*absent_datasets(available.absent), *absent_methods(results))
    notes = [*not_asked_notes(config, [result.name.dataset for result in results]), *_about_masks(results)]
    answered = [(r, done, done.records) for r in results for done in r.methods if not isinstance(done.records, NotRun)]
    if not answered:
        reasons = "; ".join([*sorted({f"{a.dataset}: {a.reason}" for a in absences}), *notes])
        raise FitError(f"nothing could be run: {reasons}")
    folder = config.run.output_dir / provenance.run_id
    folder.mkdir(parents=True, exist_ok=True)
    records = with_run_id(records_of([entry for *_, entries in answered for entry in entries]), provenance.run_id)
    write_table(records, folder / "records.parquet")
    with noted(config.run.cache_dir, "metrics"):
        sources = [entry for *_, entries in answered for entry in entries]
        measured = measure(config, sources, records, _known_scenes(config, results), provenance.data_hashes)
        summary, compared = read_measurement(measured)
    summary = pd.concat([summary, pixel_rows(results)], ignore_index=True)
    unread = unread_images(results)
    fitted = {(r.name.dataset, r.name.category): r.threshold for r in results if isinstance(r.threshold, Entry)}
    promises = promises_of(config, fitted, sources, records)
    limits = tuple(fitted_limits(results))
    missing = missing_lines(records, absences, fitted_categories(results), unread)
    findings = {
        "missing": list(missing),
        "notes": [*notes, *p_defect_notes(records)],
        "not_judged": [asdict(image) for image in not_judged(records)],
        "worst_first": [asdict(image) for image in worst_first(records)],
        "fitted": [asdict(limit) for limit in limits],
        "recall_curves": [asdict(curve) for curve in recall_curves(records)],
    }
    unlabelled = unlabelled_verdicts(records)
    described = _described(config, provenance, summary, compared, unlabelled, tuple(promises.values()), absences, unread, available.remarks) | findings
    _write_json(folder / "summary.json", described)
    for result in results:
        _copy_figures(result, folder / "figures")
        _copy_knowledge(result, folder / "knowledge")

    keep_stages(results, folder)
    with noted(config.run.cache_dir, "report page"):
        write_page(folder, config)
    cached = [entry.cached for result in results for entry in result.entries()]
    timings = timings_of(read_journal(config.run.cache_dir)[notes_before:])
    _write_json(folder / "summary.json", described | {"timings": [asdict(t) for t in timings]})

    with noted(config.run.cache_dir, "MLflow"):
        tracker = Tracker(config.tracking, project)
        # A rerun that computes nothing does not know where the seconds of this run went: what stands there stays.
        spent = () if all(cached) else timings
        parent = tracker.write(parent_content(config, provenance, summary, folder, spent))
        finished = tracker.finished_children(parent)
        for result, done, _ in answered:
            promise = promises.get((result.name.dataset, result.name.category))
            content = child_content(config, provenance, summary, result, done, records, promise, folder)
            if not finished.hold(content):
                tracker.log(content, parent=parent)
        tracker.advance(parent, 1.0)
        tracker.close(parent, "FINISHED")

    macro = summary[(summary.scope == "macro") & summary.value.notna()]
    headline = {f"{r.dataset}.{r.mllm}.{r.method}.{r.metric}": float(r.value) for r in macro.itertuples()}
    _write_json(config.run.output_dir / "latest_metrics.json", headline)
    LOG.info("run %s: %d stages computed, %d from the store", provenance.run_id, cached.count(False), sum(cached))
    return Outcome(
        provenance.run_id,
        folder,
        parent,
        computed=cached.count(False),
        cached=sum(cached),
        loads=sum(timing.count for timing in timings if timing.event == "mllm loaded"),
        absences=absences,
        missing=missing,
        unread=unread,
        summary=summary,
        timings=timings_of(read_journal(config.run.cache_dir)[notes_before:]),
    )


def _known_scenes(config: EagleConfig, results: list[CategoryResult]) -> dict[str, SceneRecord]:
    """What the images of generated categories show, by image_id; real data has no such record."""
    known: dict[str, SceneRecord] = {}
    for name in (result.name for result in results):
        root = config.datasets[name.dataset].root
        if (root / name.category / SCENES_FILE).is_file():
            known |= load_scenes(root, name.category)
    return known


def _about_masks(results: list[CategoryResult]) -> Iterator[str]:
    """Masks that could not be taken as they are."""
    for result in results:
        name = f"{result.name.dataset}/{result.name.category}"
        if isinstance(result.localisation, NotRun):
            yield f"{name}: pixels were not measured: {result.localisation.reason}"
        if isinstance(result.localisation, Entry):
            for remark in mask_remarks(result.localisation):
                yield f"{name}: {remark}"


def _described(
    config: EagleConfig,
    provenance: Provenance,
    summary: pd.DataFrame,
    compared: tuple[Comparison, ...],
    unlabelled: tuple[UnlabelledVerdicts, ...],
    promises: tuple[KeptPromise, ...],
    absences: tuple[NotRunRow, ...],
    unread: tuple[UnreadImage, ...],
    told: tuple[str, ...],
) -> dict[str, Any]:
    return {
        "provenance": asdict(provenance),
        "params": config.model_dump(mode="json"),
        "summary": json.loads(summary.to_json(orient="records", double_precision=15)),
        "comparisons": [asdict(c) for c in compared],
        "unlabelled": [asdict(u) for u in unlabelled],
        "promises": [asdict(p) for p in promises],
        "not_run": [asdict(a) for a in absences],
        "unread_training_images": [asdict(u) for u in unread],
        "told": list(told),
    }


def _copy_figures(result: CategoryResult, figures: Path) -> None:
    drawn = result.figures
    if isinstance(drawn, Entry):
        target = figures / result.name.dataset / result.name.category
        target.mkdir(parents=True, exist_ok=True)
        for image in sorted(drawn.path.glob("*.png")):
            shutil.copyfile(image, target / image.name)


def _copy_knowledge(result: CategoryResult, target: Path) -> None:
    """To be read, and to be reviewed: a corrected copy goes where ``echo.reviewed`` says."""
    gathered = result.judged.knowledge
    if isinstance(gathered, Entry):
        folder = target / result.name.dataset
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(gathered.path / KNOWLEDGE_FILE, folder / f"{short_name(result.name.category)}.json")


def _write_json(path: Path, value: Any) -> None:
    with written_whole(path) as aside:
        aside.write_text(json.dumps(value, indent=1, sort_keys=True, allow_nan=False, default=str), encoding="utf-8")
