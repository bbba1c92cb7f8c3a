"""One card of the gallery: an image with its boxes and anomaly map, and what every method said about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.data.images import read_image_of
from eagle_core.evaluation.table import METHOD_NAMES
from eagle_core.geometry import ImageGeometry
from eagle_core.guidance.dispute import dispute
from eagle_core.record_table import NO_MLLM
from eagle_core.records import NOT_JUDGED, Box, ExpertPrediction, Sample, Threshold
from eagle_core.report.boxed_image import small_boxed
from eagle_core.report.page.content import Card, Picture, Verdict, outcomes_of
from eagle_core.report.page.pictures import data_uri, heat_over


def card_pictures(
    config: EagleConfig, sample: Sample, rows: pd.DataFrame, prediction: ExpertPrediction | None, tau: float
) -> tuple[Picture, ...]:
    """The image with all boxes of its records, and the expert's map over it where there is one.

    Raises:
        DataError: The image cannot be read.
    """
    marked = [Box(**box) for boxes in rows["boxes"] for box in boxes]
    boxed = small_boxed(sample, list(dict.fromkeys(marked)), config.guidance.line_width)
    pictures = [Picture("image", data_uri(boxed))]
    if prediction is not None:
        scores = ImageGeometry.of(prediction.image_size, config.expert.preprocessing).to_original(prediction.patch_scores)
        small = read_image_of(sample).resize(boxed.size)
        pictures.append(Picture("anomaly map", data_uri(heat_over(small, scores, max(1.5 * tau, prediction.score)))))
    return tuple(pictures)


def card(
    sample: Sample, rows: pd.DataFrame, pictures: tuple[Picture, ...], threshold: Threshold, stand_ins: Collection[str] = ()
) -> Card:
    """The card of an image.

    Args:
        sample: The image.
        rows: Its records, of all methods.
        pictures: Of it.
        threshold: Of its category: where a verdict and the score cannot both be right, the image is disputed.
        stand_ins: MLLMs whose word disputes nothing.
    """
    first = rows.iloc[0]
    order = list(METHOD_NAMES)
    rows = rows[rows["question_type"] == "anomaly_detection"]
    rows = rows.drop_duplicates(["mllm", "method"]).sort_values("method", key=lambda c: c.map(order.index), kind="stable")
    expert = known(first["expert_verdict"])
    explained = rows[rows["explanation"].notna()]
    disputes = {
        f"{r.mllm}/{r.method}": against
        for r in rows.itertuples()
        if r.mllm not in (NO_MLLM, *stand_ins) and (against := _dispute(r, threshold)) is not None
    }
    apart = rows[rows["status"] == "not_judged"]
    told = dict.fromkeys(f"NOT JUDGED: {str(error).removeprefix(NOT_JUDGED)}" for error in apart["error"])
    told |= dict.fromkeys(f"DISPUTED: {against}" for against in disputes.values())
    return Card(
        dataset=sample.dataset,
        category=sample.category,
        image_id=sample.image_id,
        truth={None: "unlabelled", False: "normal", True: sample.defect_kind or "defective"}[sample.is_defective],
        score=known(first["expert_score"]),
        tau=known(first["tau"]),
        gate_open=bool(rows["gate_open"].fillna(value=False).any()),
        pictures=pictures,
        verdicts=tuple(_verdict(r, expert, sample.is_defective, disputes) for r in rows.itertuples()),
        told=tuple(told),
        explanation=str(explained.iloc[-1]["explanation"]) if len(explained) else None,
        contradictions=tuple(explained.iloc[-1]["contradictions"]) if len(explained) else (),
    )


def _verdict(row: Any, expert: bool | None, label: bool | None, disputes: Mapping[str, str]) -> Verdict:
    who, defective = f"{row.mllm}/{row.method}", known(row.verdict_defective)
    says = {None: "no verdict", True: "defective", False: "normal"}[defective]
    outcomes = outcomes_of(defective, None if row.method == "expert" else expert, label)
    if row.status == "not_judged":
        says, outcomes = "not judged", ("not_judged",)
    elif who in disputes:
        says, outcomes = f"{says} (disputed)", (*outcomes, "disputed")
    return Verdict(who, shown_name(str(row.mllm), str(row.method)), says, outcomes, known(row.p_defect))


def _dispute(row: Any, threshold: Threshold) -> str | None:
    defective, score = known(row.verdict_defective), known(row.expert_score)
    return None if defective is None or score is None else dispute(bool(defective), float(score), threshold)


def shown_name(mllm: str, method: str) -> str:
    """A method as the page calls it, with its MLLM where it has one."""
    return METHOD_NAMES[method] + ("" if mllm == NO_MLLM else f", {mllm}")


def known(value: Any) -> Any:
    """A table's value; None where it has none."""
    return None if value is None or pd.isna(value) else value
