"""Scores of one category's labelled test images, from which the page recounts misses and false alarms at any threshold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pandas as pd

from eagle_core.report.page.content import Scored, Slider
from eagle_core.report.page.run_plots import KnownExpert


def anchor_of(dataset: str, image_id: str) -> str:
    """Name of an image's card within a page; the same in the pages of all runs."""
    return f"image-{hashlib.sha256(f'{dataset}/{image_id}'.encode()).hexdigest()[:12]}"


def sliders(records: pd.DataFrame, experts: Mapping[tuple[str, str], KnownExpert]) -> tuple[Slider, ...]:
    """Of the categories whose test images have labels and scores."""
    scored = records[records["expert_score"].notna() & records["is_defective"].notna()]
    scored = scored.drop_duplicates(["dataset", "category", "image_id"])
    found = []
    for (dataset, category), expert in experts.items():
        mine = scored[(scored["dataset"] == dataset) & (scored["category"] == category)].sort_values("expert_score")
        if not len(mine):
            continue
        images = [
            (bool(r.is_defective), Scored(str(r.image_id), float(r.expert_score), anchor_of(dataset, str(r.image_id))))
            for r in mine.itertuples()
        ]
        tau = expert.threshold.tau
        found.append(
            Slider(
                dataset,
                category,
                tau,
                1.1 * max(tau, float(mine["expert_score"].max())),
                tuple(one for bad, one in images if not bad),
                tuple(one for bad, one in images if bad),
            )
        )
    return tuple(found)
