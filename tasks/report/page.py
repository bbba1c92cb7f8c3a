"""``report.html`` of a run folder: reads records, summary and stages; kept in the store like a stage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.evaluation.promises import promise_from
from eagle_core.evaluation.recall_curve import curve_from
from eagle_core.expert.bundle import load_expert
from eagle_core.record_table import read_records
from eagle_core.report.contact_sheet import telling_samples
from eagle_core.report.page.assembly import page_of
from eagle_core.report.page.card import card, card_pictures
from eagle_core.report.page.content import Card, Page
from eagle_core.report.page.render import render
from eagle_core.report.page.run_plots import KnownExpert
from eagle_core.report.promise_tables import promise_tables
from eagle_core.report.recall_table import recall_tables
from tasks.graph.values import CategoryResult
from tasks.machinery.inputs import category_of, store_of
from tasks.machinery.params import as_yaml
from tasks.machinery.progress import progress_bar
from tasks.machinery.pruning import note_needed
from tasks.machinery.stand_in import is_stand_in
from tasks.machinery.store import Entry, file_sha256
from tasks.stages.predictions import read_predictions
from tasks.stages.threshold import read_threshold

VERSION = 9
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
    note_needed((entry for result in results for entry in result.sources()), folder)


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
    """Everything the page shows of a run, read from its folder and the store."""
    described = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    kept = json.loads((folder / STAGES).read_text(encoding="utf-8"))
    records, stages = read_records(folder / "records.parquet"), _stages(kept, config)
    experts = {
        name: KnownExpert(load_expert(mine["expert"].path).training_scores.scores, read_threshold(mine["threshold"]))
        for name, mine in stages.items()
    }
    return page_of(
        config,
        described,
        records,
        experts,
        _cards(config, records, stages),
        promises=[
            *promise_tables([promise_from(fields) for fields in described.get("promises", ())]),
            *recall_tables([curve_from(fields) for fields in described.get("recall_curves", ())]),
        ],
        complete=len(stages) == len(kept),
        params=as_yaml(described["params"]),
    )


def _stages(kept: dict[str, dict[str, str]], config: EagleConfig) -> dict[tuple[str, str], CategoryStages]:
    """Entries that the store still holds, of the categories for which it holds all."""
    store = store_of(config)
    found: dict[tuple[str, str], CategoryStages] = {}
    for name, keys in kept.items():
        dataset, _, category = name.partition("/")
        entries = {stage: store.find(stage, key) for stage, key in keys.items()}
        if set(entries) == set(SHOWN_STAGES) and all(entries.values()):
            found[dataset, category] = {stage: entry for stage, entry in entries.items() if entry}
    return found


def _cards(
    config: EagleConfig, records: pd.DataFrame, stages: dict[tuple[str, str], CategoryStages]
) -> list[Card]:
    cards = []
    left = config.report.attention
    stand_ins = [name for name, mllm in config.mllms.items() if is_stand_in(mllm)]
    with progress_bar("report", unit="category") as report:
        for done, ((dataset, category), mine) in enumerate(stages.items(), start=1):
            rows = records[(records["dataset"] == dataset) & (records["category"] == category)]
            samples = {s.image_id: s for s in category_of(config, dataset, category).test}
            chosen = telling_samples(list(samples.values()), rows, most=config.report.images)
            opened = set(rows[rows["gate_open"].fillna(value=False)]["image_id"])
            watched = [s for s in chosen if s.image_id in opened][:left]
            left -= len(watched)
            # Imported here: it brings transformers, and a page that is in the store needs none.
            from tasks.report.attention import attention_pictures

            attention = attention_pictures(config, (dataset, category), mine, watched)
            read = read_predictions(mine["predictions"].path).by_image
            threshold = read_threshold(mine["threshold"])
            for sample in chosen:
                own = rows[rows["image_id"] == sample.image_id]
                try:
                    pictures = card_pictures(config, sample, own, read.get(sample.image_id), threshold.tau)
                except DataError:
                    continue
                cards.append(card(sample, own, (*pictures, *attention.get(sample.image_id, ())), threshold, stand_ins))
            report("", done, len(stages))
    return cards
