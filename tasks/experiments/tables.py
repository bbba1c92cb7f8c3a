"""Tables that an experiment writes beside its metrics, from the records of its points."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import MllmConfig
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.model_files import locate
from eagle_core.mllm.visual_mass import LayerMass
from eagle_core.mllm.visual_mass import visual_mass as measure_mass
from eagle_core.record_table import NO_MLLM
from tasks.experiments.plans import plans_of
from tasks.experiments.rates import rate_columns
from tasks.graph.values import CategoryResult, records_of
from tasks.machinery.holders import chat_model
from tasks.machinery.store import Entry
from tasks.sweeps.results import PointResult, SweepOutcome

IMAGES = 8
"""Of each category whose attention is observed: a prefill each, in one batch."""


def threshold_rates(sweep: SweepOutcome) -> pd.DataFrame:
    """False alarms of the expert over all categories against the target of the rule; interval: Wilson, 95 %."""
    rows = []
    for result in sweep.results:
        config = result.point.config.threshold
        for (dataset, _, method), entries in _groups(result):
            if method != "expert":
                continue
            records = records_of(entries).dropna(subset=["is_defective"])
            if records["is_defective"].astype(bool).all():
                continue
            rows.append({"point": result.point.label, "dataset": dataset, **rate_columns(records, config)})
    return pd.DataFrame(rows)


def prior_following(sweep: SweepOutcome) -> pd.DataFrame:
    """How often answers repeat the verdict that was told, beside how often priors were right in training.

    ``followed_wrong`` is the share of wrongly informed images whose answer repeats the error: language-prior
    dominance. ``prior_reliability`` is known for the embedded models only.
    """
    rows = []
    for result in sweep.results:
        for (dataset, mllm, method), entries in _groups(result):
            records = records_of(entries).dropna(subset=["expert_verdict", "verdict_defective", "is_defective"])
            if mllm == NO_MLLM or method == "mllm" or records.empty:
                continue
            expert, said, truth = (
                records[name].astype(bool) for name in ("expert_verdict", "verdict_defective", "is_defective")
            )
            told = {"expert": expert, "right": truth, "wrong": ~truth}[result.point.config.guidance.prior]
            wrong = told != truth
            rows.append(
                {
                    "point": result.point.label,
                    "dataset": dataset,
                    "mllm": mllm,
                    "method": method,
                    "prior_reliability": _prior_reliability(result.point.config.mllms[mllm]),
                    "images": len(records),
                    "told_right": float((~wrong).mean()),
                    "followed": float((said == told).mean()),
                    "followed_wrong": float((said == told)[wrong].mean()) if wrong.any() else None,
                }
            )
    return pd.DataFrame(rows)


def _prior_reliability(config: MllmConfig) -> float | None:
    """How often priors were right in the training of an embedded model."""
    described = locate(config).folder / "training.json"
    if not described.is_file():
        return None
    return float(json.loads(described.read_text(encoding="utf-8"))["recipe"]["prior_reliability"])


def gate_effect(sweep: SweepOutcome) -> pd.DataFrame:
    """How often the gate opened, and how EAGLE's answers there differ from those without CAAS."""
    rows = []
    for result in sweep.results:
        groups = dict(_groups(result))
        for (dataset, mllm, method), entries in groups.items():
            without = groups.get((dataset, mllm, "eagle_no_caas"))
            if method != "eagle" or without is None:
                continue
            both = records_of(entries).merge(
                records_of(without), on=["category", "image_id", "question_id"], suffixes=("", "_without")
            )
            both = both[both["question_type"] == "anomaly_detection"]
            opened = both[both["gate_open"].fillna(value=False)]
            changed = opened[opened["verdict_defective"] != opened["verdict_defective_without"]]
            right = (changed["verdict_defective"] == changed["is_defective"]).sum()
            moved = (opened["p_defect"] - opened["p_defect_without"]).astype("float64")
            rows.append(
                {
                    "point": result.point.label,
                    "dataset": dataset,
                    "mllm": mllm,
                    "images": len(both),
                    "gate_open": len(opened),
                    "defective_of_these": int(opened["is_defective"].sum()),
                    "verdicts_changed": len(changed),
                    "corrected": int(right),
                    "spoiled": len(changed) - int(right),
                    "mean_change_of_p_defect": float(moved.mean()) if len(moved) else None,
                    "largest_change_of_p_defect": float(np.abs(moved).max()) if len(moved) else None,
                }
            )
    return pd.DataFrame(rows)


def visual_mass(sweep: SweepOutcome) -> pd.DataFrame:
    """Attention of the answer position on images, per guided layer, of images whose gate is open.

    ``stock`` is what a layer would give without being guided itself; ``raised`` the share of images where guidance
    moved it up. In mode ``values`` weights stay as they are, so that both are equal.
    """
    rows = []
    for result in sweep.results:
        config = result.point.config
        settings = AttentionSettings.from_config(config.caas)
        for mllm in config.mllms:
            model = chat_model(config, mllm)
            if not isinstance(model, TransformersChatModel):
                continue
            masses = [m for c in _fitted(result) for m in _observe(result, c, model, settings)]
            for layer in settings.layers_for(model.depth):
                mine = [m for image in masses for m in image if m.layer == layer]
                if mine:
                    rows.append(
                        {
                            "point": result.point.label,
                            "mllm": mllm,
                            "layer": layer,
                            "images": len(mine),
                            "stock": float(np.mean([m.stock for m in mine])),
                            "guided": float(np.mean([m.guided for m in mine])),
                            "raised": float(np.mean([m.guided > m.stock for m in mine])),
                            "mean_visual_logit": float(np.mean([m.mean_visual_logit for m in mine])),
                        }
                    )
    columns = ["point", "mllm", "layer", "images", "stock", "guided", "raised", "mean_visual_logit"]
    return pd.DataFrame(rows, columns=columns)


def _observe(
    result: PointResult, category: CategoryResult, model: TransformersChatModel, settings: AttentionSettings
) -> Sequence[tuple[LayerMass, ...]]:
    """Up to ``IMAGES`` images of a category whose gate is open, in the dataset's order."""
    plans = [plan for _, plan in plans_of(result, category, "eagle") if plan.guidance and plan.guidance.gate_open][:IMAGES]
    if not plans:
        return ()
    return measure_mass(model, [p.prompt for p in plans], [p.attention for p in plans], settings)


def _groups(result: PointResult) -> Iterator[tuple[tuple[str, str, str], tuple[Entry, ...]]]:
    yield from result.groups.items()


def _fitted(result: PointResult) -> tuple[CategoryResult, ...]:
    return result.categories
