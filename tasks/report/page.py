"""``report.html`` of a run folder: gathers records, summary and pictures; kept in the store like a stage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.data.images import read_image_of
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.evaluation.comparisons import Comparison
from eagle_core.evaluation.summary import summary_of
from eagle_core.evaluation.table import METHOD_NAMES, ComparisonTable, NotRunRow, comparison_tables
from eagle_core.evaluation.unlabelled import UnlabelledVerdicts
from eagle_core.expert.automatic import stand_in_notice
from eagle_core.expert.bundle import load_expert
from eagle_core.geometry import ImageGeometry
from eagle_core.record_table import NO_MLLM, read_records
from eagle_core.records import Box, Sample
from eagle_core.report.boxed_image import small_boxed
from eagle_core.report.contact_sheet import telling_samples
from eagle_core.report.page.content import Card, Page, PageTable, Picture, Plot, Verdict, outcomes_of
from eagle_core.report.page.pictures import data_uri, heat_over
from eagle_core.report.page.plots import (
    CategoryScores,
    accuracy_bars,
    answers_against_scores,
    score_histograms,
)
from eagle_core.report.page.render import render
from tasks.graph.values import CategoryResult
from tasks.machinery.inputs import category_of, store_of
from tasks.machinery.params import as_yaml
from tasks.machinery.progress import progress_bar
from tasks.machinery.store import Entry, file_sha256
from tasks.report.attention import attention_pictures
from tasks.report.promises import promise_from, promise_tables
from tasks.report.tables import tables as summary_tables
from tasks.report.tables import threshold_tables, unlabelled_tables
from tasks.stages.predictions import read_predictions
from tasks.stages.threshold import read_threshold

VERSION = 4
PAGE = "report.html"
STAGES = "stages.json"
SHOWN_STAGES = ("expert", "predictions", "threshold")
CategoryStages = dict[str, Entry]


def keep_stages(results: Sequence[CategoryResult], folder: Path) -> None:
    """Note in the run folder which entries of the store it was made from, for a report made later."""
    kept = {
        f"{result.name.dataset}/{result.name.category}": {
            stage: entry.key for stage in SHOWN_STAGES if isinstance(entry := getattr(result, stage), Entry)
        }
        for result in results
    }
    (folder / STAGES).write_text(json.dumps(kept, indent=1, sort_keys=True), encoding="utf-8")


def write_page(folder: Path, config: EagleConfig) -> Path:
    """Write ``report.html`` into a run folder; unchanged inputs take it from the store.

    Raises:
        ConfigurationError: ``folder`` is no run folder.
    """
    missing = [name for name in ("summary.json", "records.parquet", STAGES) if not (folder / name).is_file()]
    if missing:
        raise ConfigurationError(f"{folder}: no run folder, it lacks {', '.join(missing)}; run `eagle run` first")
    inputs = {
        "files": {name: file_sha256(folder / name) for name in ("summary.json", "records.parquet", STAGES)},
        "report": config.report.model_dump(mode="json"),
    }

    def compute(target: Path) -> None:
        (target / PAGE).write_text(render(gather(folder, config)), encoding="utf-8")

    entry = store_of(config).get_or_compute("page", VERSION, inputs, compute)
    aside = folder / f".{PAGE}"
    shutil.copyfile(entry.path / PAGE, aside)
    return aside.replace(folder / PAGE)


def gather(folder: Path, config: EagleConfig) -> Page:
    """Everything the page shows of a run."""
    described = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    summary, records = summary_of(described["summary"]), read_records(folder / "records.parquet")
    provenance, confidence = described["provenance"], described["params"]["evaluation"]["confidence"]
    not_run = [NotRunRow(**row) for row in described["not_run"]]
    tables = [_as_page_table(table) for table in comparison_tables(summary, confidence=confidence, not_run=not_run)]
    yes_no = records[records["question_type"] == "anomaly_detection"]
    tables += summary_tables(summary, yes_no, [Comparison(**c) for c in described["comparisons"]], confidence)
    unlabelled = [UnlabelledVerdicts(**v) for v in described["unlabelled"]]
    tables += unlabelled_tables(unlabelled)
    tables += promise_tables([promise_from(fields) for fields in described.get("promises", ())])
    stages = _stages(folder, config)
    tables += threshold_tables(records, {name: read_threshold(s["threshold"]) for name, s in stages.items()})
    plots, cards = _plots(summary, records, stages), _cards(config, records, stages)
    notes = [*described.get("notes", ()), *(f"Missing: {line}" for line in described.get("missing", ()))]
    notes += described.get("told", [])
    if len(stages) < len(json.loads((folder / STAGES).read_text(encoding="utf-8"))):
        notes.append("The store no longer holds some stages of this run: their images and plots are missing here.")
    return Page(
        title=f"Eagle: {', '.join(_datasets(records, stages))}",
        lead=_lead(config, records),
        tables=tuple(tables),
        plots=tuple(plots),
        cards=tuple(cards),
        images=len(records[["dataset", "category", "image_id"]].drop_duplicates()),
        notes=(*notes, *_shown_note(records, cards)),
        provenance=(
            ("run", provenance["run_id"]),
            ("commit", provenance["git_commit"]),
            ("parameters (sha256)", provenance["params_sha256"]),
            *((f"data: {name}", digest) for name, digest in provenance["data_hashes"].items()),
            *((f"version: {name}", version) for name, version in provenance["versions"].items()),
        ),
        command="eagle run  # with the parameters below as params.yaml, at the commit below",
        params=as_yaml(described["params"]),
    )


def _datasets(records: pd.DataFrame, stages: dict[tuple[str, str], CategoryStages]) -> list[str]:
    """Those with records, then those whose normal images alone were fitted."""
    return list(dict.fromkeys([*map(str, records["dataset"]), *(dataset for dataset, _ in stages)]))


def _lead(config: EagleConfig, records: pd.DataFrame) -> tuple[str, ...]:
    images = records[["dataset", "category", "image_id"]].drop_duplicates()
    sentences = [
        f"{len(images)} test images of {images[['dataset', 'category']].drop_duplicates().shape[0]} categories; "
        f"threshold: {config.threshold.method}, κ = {config.threshold.kappa:g}; CAAS: α = {config.caas.alpha:g}, "
        f"{config.caas.gate} gate, mode {config.caas.mode}."
    ]
    if config.expert.backbone.stands_in_for is not None:
        sentences.append(f"Expert: {stand_in_notice(config.expert.backbone)}.")
    if any(mllm.model.startswith("embedded") for mllm in config.mllms.values()):
        sentences.append(
            "The embedded MLLM is a stand-in: its numbers show that the machinery works and say nothing about the "
            "accuracy of the papers' models."
        )
    return tuple(sentences)


def _shown_note(records: pd.DataFrame, cards: Sequence[Card]) -> tuple[str, ...]:
    total = len(records[["dataset", "category", "image_id"]].drop_duplicates())
    if len(cards) == total:
        return ()
    return (
        f"{len(cards)} of {total} images are shown: first where methods disagree, then errors, then the rest "
        "(report.images; all counts above are of all images).",
    )


def _stages(folder: Path, config: EagleConfig) -> dict[tuple[str, str], CategoryStages]:
    """Entries that the store still holds, of the categories for which it holds all."""
    kept = json.loads((folder / STAGES).read_text(encoding="utf-8"))
    store = store_of(config)
    found: dict[tuple[str, str], CategoryStages] = {}
    for name, keys in kept.items():
        dataset, _, category = name.partition("/")
        entries = {stage: store.find(stage, key) for stage, key in keys.items()}
        if set(entries) == set(SHOWN_STAGES) and all(entries.values()):
            found[dataset, category] = {stage: entry for stage, entry in entries.items() if entry}
    return found


def _plots(
    summary: pd.DataFrame, records: pd.DataFrame, stages: dict[tuple[str, str], CategoryStages]
) -> list[Plot]:
    plots = []
    for dataset in _datasets(records, stages):
        if (summary["dataset"] == dataset).any():
            plots.append(accuracy_bars(summary, str(dataset)))
        scores = {}
        for (name, category), mine in stages.items():
            if name == dataset:
                rows = records[(records["dataset"] == name) & (records["category"] == category)]
                rows = rows.drop_duplicates("image_id").dropna(subset=["expert_score"])
                label = rows["is_defective"]
                scores[category] = CategoryScores(
                    load_expert(mine["expert"].path).training_scores.scores.tolist(),
                    rows[label.eq(other=False).fillna(value=False)]["expert_score"].tolist(),
                    rows[label.eq(other=True).fillna(value=False)]["expert_score"].tolist(),
                    rows[label.isna()]["expert_score"].tolist(),
                    read_threshold(mine["threshold"]),
                )
        if scores:
            plots.append(score_histograms(scores, str(dataset)))
        asked = records[(records["dataset"] == dataset) & records["p_defect"].notna()]
        for number, ((mllm, method), rows) in enumerate(asked.groupby(["mllm", "method"], sort=False)):
            outcomes = [
                outcomes_of(_known(r.verdict_defective), None, _known(r.is_defective))[0] for r in rows.itertuples()
            ]
            plots.append(answers_against_scores(rows, outcomes, _name(str(mllm), str(method)), f"answers-{dataset}-{number}"))
    return plots


def _cards(
    config: EagleConfig, records: pd.DataFrame, stages: dict[tuple[str, str], CategoryStages]
) -> list[Card]:
    cards = []
    left = config.report.attention
    with progress_bar("report", unit="category") as report:
        for done, ((dataset, category), mine) in enumerate(stages.items(), start=1):
            rows = records[(records["dataset"] == dataset) & (records["category"] == category)]
            samples = {s.image_id: s for s in category_of(config, dataset, category).test}
            chosen = telling_samples(list(samples.values()), rows, most=config.report.images)
            opened = set(rows[rows["gate_open"].fillna(value=False)]["image_id"])
            watched = [s for s in chosen if s.image_id in opened][:left]
            left -= len(watched)
            attention = attention_pictures(config, (dataset, category), mine, watched)
            read = read_predictions(mine["predictions"].path).by_image
            tau = read_threshold(mine["threshold"]).tau
            for sample in chosen:
                own = rows[rows["image_id"] == sample.image_id]
                try:
                    pictures = _pictures(config, sample, own, read.get(sample.image_id), tau)
                except DataError:
                    continue
                cards.append(_card(sample, own, (*pictures, *attention.get(sample.image_id, ()))))
            report("", done, len(stages))
    return cards


def _pictures(config: EagleConfig, sample: Sample, rows: pd.DataFrame, prediction: Any, tau: float) -> tuple[Picture, ...]:
    marked = [Box(**box) for boxes in rows["boxes"] for box in boxes]
    boxed = small_boxed(sample, list(dict.fromkeys(marked)), config.guidance.line_width)
    pictures = [Picture("image", data_uri(boxed))]
    if prediction is not None:
        scores = ImageGeometry.of(prediction.image_size, config.expert.preprocessing).to_original(prediction.patch_scores)
        small = read_image_of(sample).resize(boxed.size)
        pictures.append(Picture("anomaly map", data_uri(heat_over(small, scores, max(1.5 * tau, prediction.score)))))
    return tuple(pictures)


def _card(sample: Sample, rows: pd.DataFrame, pictures: tuple[Picture, ...]) -> Card:
    first = rows.iloc[0]
    order = list(METHOD_NAMES)
    rows = rows[rows["question_type"] == "anomaly_detection"]
    rows = rows.drop_duplicates(["mllm", "method"]).sort_values("method", key=lambda c: c.map(order.index), kind="stable")
    expert = _known(first["expert_verdict"])
    explained = rows[rows["explanation"].notna()]
    return Card(
        dataset=sample.dataset,
        category=sample.category,
        image_id=sample.image_id,
        truth={None: "unlabelled", False: "normal", True: sample.defect_kind or "defective"}[sample.is_defective],
        score=_known(first["expert_score"]),
        tau=_known(first["tau"]),
        gate_open=bool(rows["gate_open"].fillna(value=False).any()),
        pictures=pictures,
        verdicts=tuple(
            Verdict(
                who=f"{r.mllm}/{r.method}",
                name=_name(str(r.mllm), str(r.method)),
                says={None: "no verdict", True: "defective", False: "normal"}[_known(r.verdict_defective)],
                outcomes=outcomes_of(
                    _known(r.verdict_defective), None if r.method == "expert" else expert, sample.is_defective
                ),
                p_defect=_known(r.p_defect),
            )
            for r in rows.itertuples()
        ),
        explanation=str(explained.iloc[-1]["explanation"]) if len(explained) else None,
        contradictions=tuple(explained.iloc[-1]["contradictions"]) if len(explained) else (),
    )


def _as_page_table(table: ComparisonTable) -> PageTable:
    return PageTable(
        f"{table.dataset}: {table.metric.replace('_', ' ')}",
        (table.header[1], table.header[0], *table.header[2:]),
        tuple((row[1], row[0], *row[2:]) for row in table.rows),
        table.notes,
    )


def _name(mllm: str, method: str) -> str:
    return METHOD_NAMES[method] + ("" if mllm == NO_MLLM else f", {mllm}")


def _known(value: Any) -> Any:
    return None if value is None or pd.isna(value) else value
