"""Everything that ``report.html`` shows of a run, read from its folder and the store."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError
from eagle_core.evaluation.promises import promise_from
from eagle_core.evaluation.recall_curve import curve_from
from eagle_core.expert.bundle import load_expert
from eagle_core.record_table import read_records
from eagle_core.report.contact_sheet import telling_samples
from eagle_core.report.page.assembly import page_of
from eagle_core.report.page.card import card, card_pictures
from eagle_core.report.page.content import Card, Page
from eagle_core.report.page.run_plots import KnownExpert
from eagle_core.report.promise_tables import promise_tables
from eagle_core.report.recall_table import recall_tables
from tasks.machinery.inputs import category_of
from tasks.machinery.params import as_yaml
from tasks.machinery.progress import progress_bar
from tasks.machinery.stand_in import is_stand_in
from tasks.report.kept_stages import CategoryStages, stages_of
from tasks.stages.predictions import read_predictions
from tasks.stages.threshold import read_threshold


def gather(folder: Path, config: EagleConfig) -> Page:
    """Everything the page shows of a run, read from its folder and the store."""
    described = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    kept, stages = stages_of(folder, config)
    records = read_records(folder / "records.parquet")
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
        complete=len(stages) == kept,
        params=as_yaml(described["params"]),
    )


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
            # Imported here: it brings transformers, which most runs that are only looked at again do without.
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
