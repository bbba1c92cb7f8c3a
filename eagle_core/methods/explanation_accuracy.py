"""How true the MLLM's sentences are, field by field, on images whose defects are known in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import pandas as pd
import pyarrow as pa
from scipy.stats import binomtest

from eagle_core.data.scene import SceneRecord
from eagle_core.evaluation.summary import POOLED, SUMMARY_SCHEMA, SummaryRow
from eagle_core.guidance.explanation import explanation_of, parse_explanation

FIELDS = ("severity", "kind", "place")


def explanation_accuracy(
    records: pd.DataFrame, scenes: Mapping[str, SceneRecord], confidence: float = 0.95
) -> pd.DataFrame:
    """Rows of ``SUMMARY_SCHEMA`` in scope ``pooled``, for each dataset, MLLM and method that explained anything.

    ``explanation_<field>_accuracy``: over explained images that are defective. ``explanation_<field>_most_frequent``:
    what always naming the most frequent true value would reach. ``explanation_defect_precision``: share of the
    sentences that claim a defect whose image has one. ``explanation_contradiction_rate``: share of the sentences
    that contradict score, boxes or answer. Intervals are Wilson's.

    Args:
        records: Of a run.
        scenes: What images show, by image_id; others are left out.
        confidence: Of the intervals.
    """
    known = records[records["explanation"].notna() & records["image_id"].isin(list(scenes))]
    rows: list[SummaryRow] = []
    for key, part in known.groupby(["dataset", "mllm", "method"], sort=False):
        dataset, mllm, method = (str(name) for name in key)
        for metric, hits, total in _counts(part, scenes):
            if total:
                interval = binomtest(hits, total).proportion_ci(confidence, method="wilson")
                rows.append(
                    SummaryRow(
                        dataset, mllm, method, POOLED, metric, hits / total,
                        float(interval.low), float(interval.high), total, 0, part["category"].nunique(),
                    )
                )
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=SUMMARY_SCHEMA).to_pandas(
        types_mapper=pd.ArrowDtype
    )


def _counts(part: pd.DataFrame, scenes: Mapping[str, SceneRecord]) -> Iterator[tuple[str, int, int]]:
    """(metric, hits, out of)."""
    claims = [parse_explanation(text) for text in part["explanation"]]
    shown = [scenes[image] for image in part["image_id"]]
    claiming = [scene.defect is not None for claim, scene in zip(claims, shown, strict=True) if claim.says_defect]
    yield "explanation_defect_precision", sum(claiming), len(claiming)
    yield "explanation_contradiction_rate", sum(len(c) > 0 for c in part["contradictions"]), len(part)
    pairs = [
        (claim, parse_explanation(explanation_of(scene)))
        for claim, scene in zip(claims, shown, strict=True)
        if scene.defect is not None
    ]
    for field in FIELDS:
        true = [getattr(truth, field) for _, truth in pairs]
        right = sum(getattr(claim, field) == value for (claim, _), value in zip(pairs, true, strict=True))
        yield f"explanation_{field}_accuracy", right, len(pairs)
        yield f"explanation_{field}_most_frequent", max(Counter(true).values(), default=0), len(pairs)
