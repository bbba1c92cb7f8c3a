"""Figures of the paper from the points of an experiment; drawn by eagle_core, read from the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eagle_core.experiments import alpha_plot, coreset_plot
from eagle_core.expert.bundle import load_expert
from eagle_core.names import short_name
from eagle_core.records import Sample
from eagle_core.report import contact_sheet, threshold_plot
from tasks.graph.values import CategoryResult, records_of
from tasks.machinery.inputs import category_of
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry
from tasks.stages.predictions import Predictions, read_predictions
from tasks.stages.threshold import read_threshold
from tasks.sweeps.results import PointResult, SweepOutcome


def alpha_curve(sweep: SweepOutcome, folder: Path) -> None:
    """Paper: Fig. 10. One line for each dataset and MLLM."""
    table = sweep.table
    for dataset in table["dataset"].unique():
        mine = table[table["dataset"] == dataset]
        guided = mine[mine["method"] == "eagle"].sort_values("caas.alpha")
        lines = {
            str(mllm): (part["caas.alpha"].tolist(), part["balanced_accuracy_macro"].tolist())
            for mllm, part in guided.groupby("mllm", sort=False)
        }
        alone = mine[mine["method"] == "expert"]["balanced_accuracy_macro"]
        alpha_plot.draw(lines, float(alone.iloc[0]) if len(alone) else None, folder / f"alpha-{dataset}.png", title=str(dataset))


def coreset_shares(sweep: SweepOutcome, folder: Path) -> None:
    """Paper: Fig. 3. Mean patches per training image, by category."""
    result = sweep.results[0]
    kept: dict[str, dict[str, tuple[float, float]]] = {}
    for category in result.categories:
        if isinstance(category.expert, Entry):
            fitted = load_expert(category.expert.path)
            means = float(fitted.sampled_per_image().mean()), float(fitted.unsampled_per_image().mean())
            kept.setdefault(category.name.dataset, {})[category.name.category] = means
    for dataset, shares in kept.items():
        coreset_plot.draw(shares, folder / f"coreset-{dataset}.png", title=dataset)


def score_plots(sweep: SweepOutcome, folder: Path) -> None:
    """Paper: Figs. 4, 11 and 12."""
    for result in sweep.results:
        thresholds = result.thresholds
        for category, expert, read, samples in _readable(result):
            fitted = read_threshold(thresholds[category.name])
            path = folder / category.name.dataset / f"scores-{short_name(category.name.category)}.png"
            threshold_plot.draw(
                load_expert(expert.path).training_scores.scores,
                [read.by_image[s.image_id].score for s in samples],
                [s.is_defective for s in samples],
                fitted,
                path,
                title=f"{category.name.dataset} / {category.name.category}",
            )


def contact_sheets(sweep: SweepOutcome, folder: Path) -> None:
    """Paper: Fig. 13. Boxed test images with what became of them."""
    for result in sweep.results:
        records = records_of([entry for entries in result.groups.values() for entry in entries])
        for category, _, _, samples in _readable(result):
            name = category.name
            mine = records[(records["dataset"] == name.dataset) & (records["category"] == name.category)]
            items = contact_sheet.choose_items(samples, mine, line_width=result.point.config.guidance.line_width)
            path = folder / name.dataset / f"prompts-{short_name(name.category)}.png"
            contact_sheet.draw(items, path, title=f"{name.dataset} / {name.category}")


def _readable(result: PointResult) -> Iterator[tuple[CategoryResult, Entry, Predictions, list[Sample]]]:
    """Categories that were scored, with their readable test images."""
    thresholds = set(result.thresholds)
    for category in result.categories:
        if isinstance(category.expert, NotRun) or isinstance(category.predictions, NotRun):
            continue
        if category.name in thresholds:
            read = read_predictions(category.predictions.path)
            test = category_of(result.point.config, category.name.dataset, category.name.category).test
            yield category, category.expert, read, [s for s in test if s.image_id in read.by_image]
