"""What a run came to, as tables for the terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.markup import escape
from rich.table import Column, Table

from eagle_core.data.question_types import TITLES as TYPE_TITLES
from eagle_core.evaluation.comparisons import Comparison
from eagle_core.evaluation.localisation_table import localisation_tables
from eagle_core.evaluation.promises import KeptPromise, promise_from
from eagle_core.evaluation.recall_curve import RecallCurve, curve_from
from eagle_core.evaluation.summary import summary_of
from eagle_core.evaluation.table import METHOD_NAMES, ComparisonTable, comparison_tables, titled
from eagle_core.evaluation.unlabelled import RankedImage, UnlabelledVerdicts
from eagle_core.mmad.scoring import AVERAGE
from eagle_core.mmad.summary import CHANCE, METRIC
from eagle_core.record_table import NO_MLLM
from eagle_core.report.page.tables import BY_CHANCE, ONLY_RIGHT, difference_shown, verdict_shown
from eagle_core.report.promise_tables import HEADER, promise_rows
from eagle_core.report.recall_table import HEADER as RECALL_HEADER
from eagle_core.report.recall_table import TITLE as RECALL_TITLE
from eagle_core.report.recall_table import recall_rows
from flows.cli.console import plain, print_missing, wide_console
from tasks.report.conclusion import Outcome
from tasks.report.timings import Timing, outside_stages

LISTED = 20
"""Unlabelled images shown in the terminal."""
WORDS = 18
"""Characters that a method's words get at least in a line."""
TITLES: dict[str, str] = {str(kind): title for kind, title in TYPE_TITLES.items()}


def show(outcome: Outcome, tracking_uri: str, *, details: bool) -> None:
    """Print the comparison table, what was not run, where everything is, and last what is missing.

    Without ``details``, only the columns that most people ask for.
    """
    console = wide_console()
    described = json.loads((outcome.folder / "summary.json").read_text(encoding="utf-8"))
    summary = summary_of(described["summary"])
    confidence = described["params"]["evaluation"]["confidence"]
    for table in comparison_tables(summary, confidence=confidence, not_run=outcome.absences, unread=outcome.unread):
        console.print(as_rich(table if details else table.brief()))
        for note in table.notes:
            console.print(note, style="yellow", highlight=False, markup=False)
    for table in localisation_tables(summary):
        console.print(as_rich(table))
        for note in table.notes:
            console.print(note, style="yellow", highlight=False, markup=False)
    if summary["metric"].str.startswith(METRIC).any():
        console.print(question_types_as_rich(summary))
    promises = [promise_from(fields) for fields in described["promises"]]
    if promises:
        console.print(promises_as_rich(promises))
        for sentence in dict.fromkeys(f"{p.category}: {p.statement}; {p.variety}" for p in promises):
            console.print(sentence, style="dim", highlight=False, markup=False)
    curves = [curve_from(fields) for fields in described["recall_curves"]]
    if curves:
        console.print(recall_as_rich(curves))
    unlabelled = [UnlabelledVerdicts(**fields) for fields in described["unlabelled"]]
    if unlabelled:
        console.print(unlabelled_as_rich(unlabelled))
        console.print(worst_first_as_rich([RankedImage(**fields) for fields in described["worst_first"]]))
    untested = [fields for fields in described["fitted"] if _has_no_test(fields, described["missing"])]
    if untested:
        console.print(fitted_as_rich(untested))
        first = untested[0]
        console.print(f"judge an image by it: eagle inspect IMAGE --dataset {first['dataset']} --category {shlex.quote(first['category'])}", highlight=False, markup=False)
    compared = [Comparison(**fields) for fields in described["comparisons"]]
    if compared:
        console.print(comparisons_as_rich(compared, confidence, details=details))
    console.print(f"\nstages: {outcome.computed} computed, {outcome.cached} from the store; MLLMs loaded: {outcome.loads}", highlight=False)
    console.print(f"records, summary, pictures: {outcome.folder}", highlight=False)
    console.print(f"open in a browser: {outcome.folder / 'report.html'}", highlight=False)
    for note in described["notes"]:
        console.print(note, style="yellow", highlight=False, markup=False, soft_wrap=True)
    console.print(f"compare runs: mlflow ui --backend-store-uri {tracking_uri}", highlight=False)
    print_missing(console, outcome.missing)


def _has_no_test(fields: Mapping[str, Any], missing: Sequence[str]) -> bool:
    return any(line.startswith(f"no test image in {fields['dataset']}/{fields['category']}:") for line in missing)


def fitted_as_rich(limits: Sequence[Mapping[str, Any]]) -> Table:
    """What the normal images alone came to, for the terminal."""
    shown = Table("dataset", "category", "normal images", "different parts", "limit (threshold τ) [95 %]", "of them above it", "rule",
                  title="fitted on normal images only: there is nothing to measure yet", title_justify="left")
    for limit in limits:
        interval = f"{limit['tau']:.3g} [{limit['tau_low']:.3g}, {limit['tau_high']:.3g}]"
        shown.add_row(escape(limit["dataset"]), escape(limit["category"]), str(limit["images"]), f"about {limit['different_parts']:.0f}", interval, str(limit["above"]), limit["method"])
    return shown


def worst_first_as_rich(images: Sequence[RankedImage]) -> Table:
    """Unlabelled images by score, for the terminal; the page and records.parquet hold them all."""
    title = f"images without labels, worst first (score over limit){'' if len(images) <= LISTED else f', {LISTED} of {len(images)}'}"
    shown = Table(Column("image", overflow="fold"), "category", "score", "limit", "expert says", title=title, title_justify="left")
    for image in images[:LISTED]:
        says = {True: "[red]DEFECTIVE[/]", False: "[green]normal[/]", None: "[yellow]no verdict[/]"}[image.verdict]
        score, limit = (f"{value:.3f}" if value is not None else "–" for value in (image.score, image.limit))
        shown.add_row(escape(image.image_id), escape(image.category), score, limit, says if image.reason is None else escape(image.reason))
    return shown


def promises_as_rich(promises: Sequence[KeptPromise]) -> Table:
    """Promised beside achieved rates of false alarms, for the terminal."""
    shown = Table(*HEADER, title="false alarms of the expert: promised and achieved", title_justify="left")
    for row in promise_rows(promises):
        shown.add_row(*map(escape, row))
    return shown


def recall_as_rich(curves: Sequence[RecallCurve]) -> Table:
    """Defects missed for each share of false alarms, for the terminal."""
    shown = Table(*RECALL_HEADER, title=RECALL_TITLE, title_justify="left")
    for row in recall_rows(curves):
        shown.add_row(*map(escape, row))
    return shown


def show_timings(timings: Sequence[Timing], whole: float) -> None:
    """Where the ``whole`` seconds went, stage by stage; loads and questions are parts of stages."""
    shown = Table("what", "of", "times", "seconds", title="where the seconds went", title_justify="left")
    for timing in timings:
        shown.add_row(timing.event, timing.name, str(timing.count), f"{timing.seconds:.2f}")
    shown.add_row("rest", "between stages: Prefect, waiting, tables", "1", f"{outside_stages(timings, whole):.2f}")
    shown.add_row("whole run", "by the clock", "1", f"{whole:.2f}")
    wide_console().print(shown)


def unlabelled_as_rich(verdicts: Sequence[UnlabelledVerdicts]) -> Table:
    """How many images without labels were called defective, for the terminal."""
    title = "images without labels: nothing to measure, but these verdicts"
    shown = Table("dataset", "category", "MLLM", "method", "called defective", "no verdict", title=title, title_justify="left")
    for v in verdicts:
        mllm = "–" if v.mllm == NO_MLLM else v.mllm
        shown.add_row(*plain(v.dataset, v.category, mllm), METHOD_NAMES[v.method], f"{v.defective} of {v.images}", str(v.undecided))
    return shown


def question_types_as_rich(summary: pd.DataFrame) -> Table:
    """Accuracy by MMAD's question types, for the terminal."""
    kinds = [*TITLES, AVERAGE]
    shown = Table("dataset", "MLLM", "method", *(TITLES.get(k, k) for k in kinds), title="accuracy by question type, as MMAD scores it", title_justify="left")
    rows = summary[summary["metric"].str.startswith((METRIC, CHANCE))]
    for (dataset, mllm, method), mine in rows.groupby(["dataset", "mllm", "method"], sort=False):
        values = mine.set_index("metric")["value"]
        shown.add_row(*plain(dataset, mllm), METHOD_NAMES[str(method)], *(_share(values, METRIC + k) for k in kinds))
    chance = rows.drop_duplicates("metric").set_index("metric")["value"]
    shown.add_row("", "", "guessing", *(_share(chance, CHANCE + k) for k in kinds), style="dim")
    return shown


def _share(values: pd.Series, metric: str) -> str:
    return f"{float(values[metric]):.3f}" if metric in values.index else "–"


def comparisons_as_rich(compared: Sequence[Comparison], confidence: float, *, details: bool) -> Table:
    """Method against baseline on the same images, for the terminal."""
    title = "does one method judge better than another? difference of the table's means, on the same images"
    more = ONLY_RIGHT, BY_CHANCE
    shown = Table("dataset", "MLLM", "method", "against", f"difference [{confidence:.0%} interval]", *(more if details else ()), "",
                  title=title, title_justify="left")
    for c in compared:
        counts = f"{c.only_method_right} / {c.only_baseline_right}", f"{c.p_value:.2g}"
        shown.add_row(*plain(c.dataset, c.mllm), METHOD_NAMES[c.method], METHOD_NAMES[c.baseline], difference_shown(c),
                      *(counts if details else ()), verdict_shown(c))
    return shown


def as_rich(table: ComparisonTable) -> Table:
    """A comparison table for the terminal."""
    shown = Table(title=escape(titled(table)), title_justify="left")
    for number, name in enumerate(table.header):
        shown.add_column(*plain(name), justify="left" if number < 2 else "right", min_width=WORDS if number == 1 else None)
    for row in table.rows:
        shown.add_row(*plain(*row))
    return shown
