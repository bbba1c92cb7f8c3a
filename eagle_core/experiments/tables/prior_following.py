"""How far answers follow what they were told: language-prior dominance."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from eagle_core.config import MllmConfig
from eagle_core.experiments.tables.answered import Answered
from eagle_core.mllm.model_files import locate
from eagle_core.record_table import NO_MLLM


def prior_following(groups: Sequence[Answered]) -> pd.DataFrame:
    """How often answers repeat the verdict that was told, beside how often priors were right in training.

    ``followed_wrong`` is the share of wrongly informed images whose answer repeats the error: language-prior
    dominance. ``prior_reliability`` is known for the embedded models only.
    """
    rows = []
    for group in groups:
        records = group.records.dropna(subset=["expert_verdict", "verdict_defective", "is_defective"])
        if group.mllm == NO_MLLM or group.method == "mllm" or records.empty:
            continue
        expert, said, truth = (
            records[name].astype(bool) for name in ("expert_verdict", "verdict_defective", "is_defective")
        )
        told = {"expert": expert, "right": truth, "wrong": ~truth}[group.config.guidance.prior]
        wrong = told != truth
        rows.append(
            {
                **group.subject,
                "prior_reliability": _prior_reliability(group.config.mllms[group.mllm]),
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
    return float(json.loads(described.read_text(encoding="utf-8"))["prior_reliability"])
