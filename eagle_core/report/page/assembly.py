"""The page of a run from what its folder and the store hold: sentences, tables, plots, cards, provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.counted import counted
from eagle_core.evaluation.comparisons import Comparison
from eagle_core.evaluation.completeness import NotJudged
from eagle_core.evaluation.summary import summary_of
from eagle_core.evaluation.table import NotRunRow, comparison_tables
from eagle_core.evaluation.unlabelled import UnlabelledVerdicts
from eagle_core.evaluation.unread import UnreadImage
from eagle_core.expert.automatic import stand_in_notice
from eagle_core.report.page.content import Card, Page, PageTable
from eagle_core.report.page.opening import opening
from eagle_core.report.page.run_plots import KnownExpert, datasets_of, run_plots
from eagle_core.report.page.sliders import sliders
from eagle_core.report.page.tables import (
    as_page_table,
    not_judged_tables,
    summary_tables,
    threshold_tables,
    unlabelled_tables,
)

GONE = "The store no longer holds some stages of this run: their images and plots are missing here."


def page_of(
    config: EagleConfig,
    described: Mapping[str, Any],
    records: pd.DataFrame,
    experts: Mapping[tuple[str, str], KnownExpert],
    cards: Sequence[Card],
    *,
    promises: Sequence[PageTable],
    complete: bool,
    params: str,
) -> Page:
    """Everything the page shows of a run.

    Args:
        config: Of the run.
        described: Its ``summary.json``.
        records: Its records.
        experts: By (dataset, category).
        cards: Of the gallery.
        promises: Tables of promised and achieved false alarms.
        complete: False where the store lacks some categories' stages.
        params: The run's parameters as YAML.
    """
    summary = summary_of(described["summary"])
    notes = [*described.get("notes", ()), *(f"Missing: {line}" for line in described.get("missing", ()))]
    provenance, images = described["provenance"], len(_images(records))
    return Page(
        title=f"Eagle: {', '.join(datasets_of(records, experts))}",
        lead=_lead(config, records),
        opening=opening(records, experts),
        sliders=sliders(records, experts),
        tables=_tables(described, summary, records, experts, promises),
        plots=tuple(run_plots(summary, records, experts)),
        cards=tuple(cards),
        images=images,
        notes=(*notes, *described.get("told", ()), *(() if complete else (GONE,)), *_shown_note(images, cards)),
        provenance=(
            ("run", provenance["run_id"]),
            ("commit", provenance["git_commit"]),
            ("parameters (sha256)", provenance["params_sha256"]),
            *((f"data: {name}", digest) for name, digest in provenance["data_hashes"].items()),
            *((f"version: {name}", version) for name, version in provenance["versions"].items()),
        ),
        command="eagle run  # with the parameters below as params.yaml, at the commit below",
        params=params,
    )


def _tables(
    described: Mapping[str, Any],
    summary: pd.DataFrame,
    records: pd.DataFrame,
    experts: Mapping[tuple[str, str], KnownExpert],
    promises: Sequence[PageTable],
) -> tuple[PageTable, ...]:
    confidence = described["params"]["evaluation"]["confidence"]
    compared = comparison_tables(
        summary,
        confidence=confidence,
        not_run=[NotRunRow(**row) for row in described["not_run"]],
        unread=[UnreadImage(**row) for row in described["unread_training_images"]],
    )
    yes_no = records[records["question_type"] == "anomaly_detection"]
    return (
        *(as_page_table(table) for table in compared),
        *summary_tables(summary, yes_no, [Comparison(**c) for c in described["comparisons"]], confidence),
        *not_judged_tables([NotJudged(**image) for image in described.get("not_judged", ())]),
        *unlabelled_tables([UnlabelledVerdicts(**v) for v in described["unlabelled"]]),
        *promises,
        *threshold_tables(records, {name: expert.threshold for name, expert in experts.items()}),
    )


def _lead(config: EagleConfig, records: pd.DataFrame) -> tuple[str, ...]:
    images = _images(records)
    sentences = [
        f"{counted(len(images), 'test image')} of {counted(len(images[['dataset', 'category']].drop_duplicates()), 'category')}; "
        f"the limit (threshold τ) is set by {config.threshold.method}, κ = {config.threshold.kappa:g}; guided attention (CAAS): strength "
        f"α = {config.caas.alpha:g}, {config.caas.gate} gate, mode {config.caas.mode}. The words are explained in docs/glossary.md."
    ]
    if config.expert.backbone.stands_in_for is not None:
        sentences.append(f"Expert: {stand_in_notice(config.expert.backbone)}.")
    if any(mllm.model.startswith("embedded") for mllm in config.mllms.values()):
        sentences.append(
            "The embedded MLLM is a stand-in: its numbers show that the machinery works and say nothing about the "
            "accuracy of the papers' models."
        )
    return tuple(sentences)


def _images(records: pd.DataFrame) -> pd.DataFrame:
    return records[["dataset", "category", "image_id"]].drop_duplicates()


def _shown_note(total: int, cards: Sequence[Card]) -> tuple[str, ...]:
    if len(cards) == total:
        return ()
    return (
        f"{len(cards)} of {counted(total, 'image')} shown: first where methods disagree, then errors, then the rest "
        "(report.images; all counts above are of all images).",
    )
