"""The plots of a run: accuracy of the methods, the experts' scores, the MLLMs' answers against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eagle_core.records import Threshold
from eagle_core.report.page.card import known, shown_name
from eagle_core.report.page.content import Plot, outcomes_of
from eagle_core.report.page.plots import (
    CategoryScores,
    accuracy_bars,
    answers_against_scores,
    score_histograms,
)


@dataclass(frozen=True, slots=True)
class KnownExpert:
    """What the page shows of a category's expert."""

    training_scores: np.ndarray
    """``(images,) float32``."""
    threshold: Threshold


def datasets_of(records: pd.DataFrame, experts: Mapping[tuple[str, str], KnownExpert]) -> list[str]:
    """Those with records, then those whose normal images alone were fitted."""
    return list(dict.fromkeys([*map(str, records["dataset"]), *(dataset for dataset, _ in experts)]))


def run_plots(
    summary: pd.DataFrame, records: pd.DataFrame, experts: Mapping[tuple[str, str], KnownExpert]
) -> list[Plot]:
    """Dataset by dataset; ``experts`` by (dataset, category), as far as the store still has them."""
    plots = []
    for dataset in datasets_of(records, experts):
        if (summary["dataset"] == dataset).any():
            plots.append(accuracy_bars(summary, str(dataset)))
        scores = {
            category: _scores(records[(records["dataset"] == name) & (records["category"] == category)], expert)
            for (name, category), expert in experts.items()
            if name == dataset
        }
        if scores:
            plots.append(score_histograms(scores, str(dataset)))
        asked = records[(records["dataset"] == dataset) & records["p_defect"].notna()]
        for number, ((mllm, method), rows) in enumerate(asked.groupby(["mllm", "method"], sort=False)):
            outcomes = [outcomes_of(known(r.verdict_defective), None, known(r.is_defective))[0] for r in rows.itertuples()]
            title, name = shown_name(str(mllm), str(method)), f"answers-{dataset}-{number}"
            plots.append(answers_against_scores(rows, outcomes, title, name))
    return plots


def _scores(records: pd.DataFrame, expert: KnownExpert) -> CategoryScores:
    rows = records.drop_duplicates("image_id").dropna(subset=["expert_score"])
    label = rows["is_defective"]
    return CategoryScores(
        expert.training_scores.tolist(),
        rows[label.eq(other=False).fillna(value=False)]["expert_score"].tolist(),
        rows[label.eq(other=True).fillna(value=False)]["expert_score"].tolist(),
        rows[label.isna()]["expert_score"].tolist(),
        expert.threshold,
    )
