"""The records and readings behind an experiment's tables; the tables are ``eagle_core.experiments.tables``'s."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eagle_core.attention.settings import AttentionSettings
from eagle_core.experiments.tables.answered import Answered
from eagle_core.experiments.tables.visual_mass import COLUMNS, mass_rows
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.visual_mass import LayerMass
from eagle_core.mllm.visual_mass import visual_mass as measure_mass
from tasks.experiments.plans import plans_of
from tasks.graph.values import CategoryResult, records_of
from tasks.machinery.holders import chat_model
from tasks.sweeps.results import PointResult, SweepOutcome

IMAGES = 8
"""Of each category whose attention is observed: a prefill each, in one batch."""


def answered_groups(sweep: SweepOutcome) -> list[Answered]:
    """Every method's records, point by point."""
    return [
        Answered(result.point.label, result.point.config, dataset, mllm, method, records_of(entries))
        for result in sweep.results
        for (dataset, mllm, method), entries in result.groups.items()
    ]


def visual_mass(sweep: SweepOutcome) -> pd.DataFrame:
    """Attention of the answer position on images, per guided layer, of images whose gate is open."""
    rows = []
    for result in sweep.results:
        config = result.point.config
        settings = AttentionSettings.from_config(config.caas)
        for mllm in config.mllms:
            model = chat_model(config, mllm)
            if isinstance(model, TransformersChatModel):
                images = [image for c in result.categories for image in _observe(result, c, model, settings)]
                rows += mass_rows(result.point.label, mllm, settings.layers_for(model.depth), images)
    return pd.DataFrame(rows, columns=COLUMNS)


def _observe(
    result: PointResult, category: CategoryResult, model: TransformersChatModel, settings: AttentionSettings
) -> Sequence[tuple[LayerMass, ...]]:
    """Up to ``IMAGES`` images of a category whose gate is open, in the dataset's order."""
    plans = [plan for _, plan in plans_of(result, category, "eagle") if plan.guidance and plan.guidance.gate_open][:IMAGES]
    if not plans:
        return ()
    return measure_mass(model, [p.prompt for p in plans], [p.attention for p in plans], settings)
