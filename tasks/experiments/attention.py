"""What experiments see inside the MLLM: attention ratios, readings of every layer, attention maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from eagle_core.attention.settings import AttentionSettings
from eagle_core.data.images import read_image_of
from eagle_core.data.masks import read_masks_of
from eagle_core.errors import ModelError
from eagle_core.experiments import attention_sheet, layer_plot, ratio_plot
from eagle_core.experiments.attention_sheet import SheetRow
from eagle_core.experiments.tables.attention_ratios import SeenImage, compared_ratios
from eagle_core.experiments.tables.option_dynamics import dynamics_rows
from eagle_core.methods.plan import Plan
from eagle_core.mllm.layer_readings import layer_readings
from eagle_core.mllm.parsing import defect_letter
from eagle_core.mllm.query_attention import QueryAttention, query_attention
from eagle_core.names import short_name
from eagle_core.records import Sample
from tasks.experiments.plans import AskedGroup, asked_groups, plans_of
from tasks.graph.values import records_of
from tasks.machinery.progress import progress_bar
from tasks.sweeps.results import SweepOutcome

SHEET_ROWS = 4
"""Images of each category on an attention sheet."""


def attention_ratios(sweep: SweepOutcome, folder: Path) -> pd.DataFrame:
    """AR by layer of correctly and incorrectly answered defective images, and between pairs of like defect size.

    Paper: Fig. 8, which has no control. A positive difference between matched pairs is what the paper's claim needs.
    """
    tables = []
    for group in asked_groups(sweep):
        records = records_of(group.entries).set_index(["category", "image_id"])
        images: list[SeenImage] = []
        for category, sample, _, seen, mask in _observed(group, "attention ratios"):
            verdict = records.loc[(category, sample.image_id), "verdict_defective"]
            try:
                ratio = seen.ratio(mask)
            except ModelError:
                continue
            if not pd.isna(verdict):
                images.append(SeenImage(category, float(mask.mean()), bool(verdict), ratio))
        correct, incorrect = [i for i in images if i.correct], [i for i in images if not i.correct]
        if correct and incorrect:
            table = compared_ratios(correct, incorrect, seed=group.result.point.config.run.seed)
            name = f"ratio-{group.dataset}-{group.mllm}-{group.result.point.label}-{group.method}".replace(" ", "_")
            ratio_plot.draw(table, folder / f"{name}.png", f"{group.dataset}, {group.mllm}, {group.setting}")
            table.insert(0, "method", group.method)
            table.insert(0, "mllm", group.mllm)
            table.insert(0, "dataset", group.dataset)
            table.insert(0, "point", group.result.point.label)
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def option_dynamics(sweep: SweepOutcome, folder: Path) -> pd.DataFrame:
    """Log-probabilities of Yes and No by layer, of defective images (paper: Fig. 7)."""
    rows = []
    guided: dict[str, tuple[int, ...]] = {}
    for group in asked_groups(sweep):
        config = group.result.point.config
        settings = AttentionSettings.from_config(config.caas)
        guided[group.mllm] = settings.layers_for(group.model.depth)
        read = []
        for _, batch in _defective(group, "layer readings"):
            prompts = [plan.prompt for _, plan in batch]
            readings = layer_readings(group.model, prompts, [plan.attention for _, plan in batch], settings)
            for prompt, reading in zip(prompts, readings, strict=True):
                yes = defect_letter(prompt.question)
                [no] = [letter for letter in reading.options if letter != yes]
                read.append((reading.options[str(yes)], reading.options[no], reading.control))
        values = np.asarray(read, dtype=np.float64)
        if not len(values):
            continue
        rows += dynamics_rows({"dataset": group.dataset, "mllm": group.mllm, "setting": group.setting}, values)
    table = pd.DataFrame(rows)
    for (dataset, mllm), mine in table.groupby(["dataset", "mllm"], sort=False):
        layer_plot.draw(mine, guided[str(mllm)], folder / f"layers-{dataset}-{mllm}.png", f"{dataset}, {mllm}")
    return table


def attention_sheets(sweep: SweepOutcome, folder: Path) -> None:
    """Attention maps of the guided layers' mean under every setting (paper: Figs. 1, 6 and 9)."""
    groups = list(asked_groups(sweep))
    for dataset, mllm in dict.fromkeys((g.dataset, g.mllm) for g in groups):
        mine = [g for g in groups if (g.dataset, g.mllm) == (dataset, mllm)]
        for category in mine[0].categories:
            chosen = _evenly([s for s, _ in plans_of(mine[0].result, category, mine[0].method) if s.mask_path])
            rows = _sheet_rows(mine, category.name.category, chosen)
            if rows:
                path = folder / dataset / f"attention-{short_name(category.name.category)}-{mllm}.png"
                layers = AttentionSettings.from_config(mine[0].result.point.config.caas).layers_for(mine[0].model.depth)
                title = f"{dataset} / {category.name.category}, {mllm}: attention of the answer, layers {layers[0]}-{layers[-1]}"
                attention_sheet.draw(rows, path, title)


def _sheet_rows(groups: Sequence[AskedGroup], category: str, chosen: Sequence[Sample]) -> list[SheetRow]:
    """One row for each chosen image, one map for each group."""
    maps: dict[str, dict[str, tuple[np.ndarray, str]]] = {sample.image_id: {} for sample in chosen}
    masks: dict[str, np.ndarray] = {}
    for group in groups:
        settings = AttentionSettings.from_config(group.result.point.config.caas)
        layers = settings.layers_for(group.model.depth)
        records = records_of(group.entries).set_index(["category", "image_id"])
        for name, sample, _, seen, mask in _observed(group, "attention maps", category, set(maps)):
            ratios = seen.ratio(mask)
            p_defect = records.loc[(name, sample.image_id), "p_defect"]
            said = "" if pd.isna(p_defect) else f"P(defect) {p_defect:.2f}, "
            caption = f"{said}AR {np.mean([ratios[layer] for layer in layers]):.2f}"
            maps[sample.image_id][group.setting] = (seen.map(layers), caption)
            masks[sample.image_id] = mask
    complete = [s for s in chosen if len(maps[s.image_id]) == len(groups)]
    return [
        SheetRow(read_image_of(s), masks[s.image_id], s.defect_kind or "defective", maps[s.image_id]) for s in complete
    ]


def _observed(
    group: AskedGroup, what: str, category: str | None = None, chosen: set[str] | None = None
) -> Iterator[tuple[str, Sample, Plan, QueryAttention, np.ndarray]]:
    """Category, sample, plan, attention and mask of each defective image that has a mask."""
    settings = AttentionSettings.from_config(group.result.point.config.caas)
    for name, batch in _defective(group, what, category, chosen):
        seen = query_attention(
            group.model, [plan.prompt for _, plan in batch], [plan.attention for _, plan in batch], settings
        )
        for (sample, plan), attention in zip(batch, seen, strict=True):
            if sample.mask_path is not None:
                yield name, sample, plan, attention, read_masks_of(sample, attention.size).defective


def _defective(
    group: AskedGroup, what: str, category: str | None = None, chosen: set[str] | None = None
) -> Iterator[tuple[str, list[tuple[Sample, Plan]]]]:
    """Batches of a group's defective images, category by category."""
    for fitted in group.categories:
        if category is not None and fitted.name.category != category:
            continue
        planned = [(s, p) for s, p in plans_of(group.result, fitted, group.method, chosen) if s.is_defective]
        with progress_bar(f"{fitted.name.category}: {what}", unit="image") as report:
            for start in range(0, len(planned), group.batch_size):
                yield fitted.name.category, planned[start : start + group.batch_size]
                report("", min(start + group.batch_size, len(planned)), len(planned))


def _evenly(samples: Sequence[Sample]) -> list[Sample]:
    """Up to ``SHEET_ROWS`` samples, spread over the list, in its order."""
    if len(samples) <= SHEET_ROWS:
        return list(samples)
    return [samples[i] for i in np.linspace(0, len(samples) - 1, SHEET_ROWS).round().astype(int)]
