"""Do the parts that come in still look like those the expert was fitted on? What moved, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from eagle_core.config import EagleConfig
from eagle_core.records import ExpertPrediction, ShiftCheck
from eagle_core.threshold.likeness import FEWEST
from tasks.stages.threshold import compare
from tasks.station import parts
from tasks.station.judge import Judge
from tasks.station.schema import Part
from tasks.station.versions import InForce

WINDOW = 40
"""Parts that are compared at once."""
WINDOWS = 10
"""So far back is looked for the beginning."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the newest parts of a category compare with its good images."""

    check: ShiftCheck
    moved: bool
    message: str
    """What moved; empty where nothing did."""
    since: datetime | None
    """When the first of the unlike parts came; None where nothing moved."""


def drift_of(config: EagleConfig, session: Session, judge: Judge, category: str, used: InForce) -> Drift | None:
    """Of the parts that the expert in force has judged; None where there are fewer than eight."""
    query = (
        select(Part)
        .where(Part.category == category, Part.expert_version_id == used.expert.id, Part.embedding.is_not(None))
        .order_by(Part.id.desc())
        .limit(WINDOW)
    )
    newest: Drift | None = None
    for turn in range(WINDOWS):
        found = list(session.scalars(query.offset(turn * WINDOW)))
        check = _check(config, judge, used, found)
        if check is None:
            break
        moved = check.shifted or check.promise_at_risk
        if newest is None:
            newest = Drift(check, moved, _message(check), found[-1].received_at if moved else None)
        elif moved:
            newest = Drift(newest.check, True, newest.message, found[-1].received_at)
        if not moved:
            break
    return newest


def _check(config: EagleConfig, judge: Judge, used: InForce, found: Sequence[Part]) -> ShiftCheck | None:
    readings = [reading for reading in map(parts.prediction, found) if isinstance(reading, ExpertPrediction)]
    if len(readings) < FEWEST:
        return None
    expert, key = judge.expert(used.expert.entry_key), used.expert.entry_key
    return compare(judge.threshold(key, used.levels), expert, readings, config).shift


def _message(check: ShiftCheck) -> str:
    told = []
    if check.shifted:
        told.append(
            f"the newest {check.images} parts look unlike the good images: a part is farther from its nearest good image than "
            f"good images are from each other in {check.effect:.0%} of pairs; scores are {check.score_scale:.2g} times as high"
        )
    if check.promise_at_risk:
        told.append(
            f"the newest {check.images} parts are less alike the good images (median {check.likeness_after:.2f}) than those "
            f"are each other (median {check.likeness_before:.2f})"
        )
    return "; ".join(told) + ("; check light and camera, or add such parts to the good images" if told else "")
