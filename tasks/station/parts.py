"""Judged parts and what people said about them: kept, found again, counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from eagle_core.errors import ConfigurationError
from eagle_core.records import ExpertPrediction
from tasks.station.judge import Judgement
from tasks.station.schema import Opinion, Part, PartUpdate, Review
from tasks.station.versions import InForce, now

DECISIONS = ("good", "defective", "unsure")


@dataclass(frozen=True, slots=True)
class Received:
    """What came in with a part."""

    idempotency_key: str
    category: str
    file_name: str
    image_sha256: str
    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class PartFilter:
    """Which parts a list shows; None: all."""

    category: str | None = None
    verdict: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    reviewer: str | None = None
    unreviewed: bool = False
    """Only parts that nobody has reviewed and that are not plainly OK, or against whose verdict an MLLM speaks: the
    queue of parts to look at."""


def keep(session: Session, received: Received, judgement: Judgement, used: InForce) -> Part:
    """Write a judged part."""
    seen = judgement.prediction
    part = Part(
        idempotency_key=received.idempotency_key,
        category=received.category,
        file_name=received.file_name,
        image_sha256=received.image_sha256,
        received_at=received.at,
        seconds=received.seconds,
        verdict=judgement.verdict,
        reason=judgement.reason,
        score=seen and seen.score,
        likeness=judgement.likeness,
        nearest_image_id=judgement.nearest_image_id,
        width=seen and seen.image_size[0],
        height=seen and seen.image_size[1],
        boxes=[dataclasses.asdict(box) for box in judgement.boxes],
        patch_scores=seen and seen.patch_scores.tobytes(),
        patch_rows=seen and seen.patch_scores.shape[0],
        embedding=seen and np.ascontiguousarray(seen.embedding, dtype="<f4").tobytes(),
        expert_version_id=used.expert.id,
        threshold_version_id=used.threshold.id,
    )
    session.add(part)
    session.flush()
    return part


def patch_scores(part: Part) -> np.ndarray | None:
    """``(h, w) float32`` of a part; None where it was not judged."""
    if part.patch_scores is None or part.patch_rows is None:
        return None
    return np.frombuffer(part.patch_scores, dtype="<f4").reshape(part.patch_rows, -1).copy()


def prediction(part: Part) -> ExpertPrediction | None:
    """The expert's reading of a part; None where it was not judged."""
    scores = patch_scores(part)
    if scores is None or part.embedding is None or part.score is None or part.width is None or part.height is None:
        return None
    embedding = np.frombuffer(part.embedding, dtype="<f4").copy()
    return ExpertPrediction(str(part.id), part.score, scores, (part.width, part.height), embedding, part.likeness)


def find_by_key(session: Session, idempotency_key: str) -> Part | None:
    """The part that was sent with this key before."""
    return session.scalar(select(Part).where(Part.idempotency_key == idempotency_key))


def listed(session: Session, chosen: PartFilter, limit: int, before: int | None = None) -> list[Part]:
    """Parts, the newest first.

    Args:
        session: Open.
        chosen: Which.
        limit: At most so many.
        before: Only parts older than this id, to turn the page.
    """
    query = _filtered(select(Part), chosen).order_by(Part.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Part.id < before)
    return list(session.scalars(query))


def _filtered(query: Select[Any], chosen: PartFilter) -> Select[Any]:
    if chosen.category is not None:
        query = query.where(Part.category == chosen.category)
    if chosen.verdict is not None:
        query = query.where(Part.verdict == chosen.verdict)
    if chosen.since is not None:
        query = query.where(Part.received_at >= chosen.since)
    if chosen.until is not None:
        query = query.where(Part.received_at < chosen.until)
    if chosen.reviewer is not None:
        query = query.where(Part.id.in_(select(Review.part_id).where(Review.reviewer == chosen.reviewer)))
    if chosen.unreviewed:
        against = select(Opinion.part_id).where(Opinion.against.is_not(None))
        query = query.where((Part.verdict != "ok") | Part.id.in_(against), Part.id.not_in(select(Review.part_id)))
    return query


def review(session: Session, part_id: int, decision: str, *, reviewer: str, reason: str) -> Review:
    """Add what a person says about a part, in a transaction with ``in_order``.

    Raises:
        ConfigurationError: There is no such part, or no such decision.
    """
    if decision not in DECISIONS:
        raise ConfigurationError(f"decision {decision!r} is unknown; it is one of: {', '.join(DECISIONS)}")
    if session.get(Part, part_id) is None:
        raise ConfigurationError(f"there is no part {part_id}")
    made = Review(part_id=part_id, decision=decision, reason=reason, reviewer=reviewer, at=now())
    session.add(made)
    session.add(PartUpdate(part_id=part_id, kind="review", at=made.at))
    session.flush()
    return made


def newest_reviews(session: Session, part_ids: Sequence[int]) -> dict[int, Review]:
    """The review that counts of each part that has one."""
    found = session.scalars(select(Review).where(Review.part_id.in_(part_ids)).order_by(Review.id))
    return {each.part_id: each for each in found}


def reviewed(session: Session, category: str) -> list[tuple[Part, str]]:
    """Every part of a category with the decision that counts, oldest first; the unsure ones are left out."""
    rows = session.execute(
        select(Part, Review.decision)
        .join(Review, Review.part_id == Part.id)
        .where(Part.category == category)
        .order_by(Part.id, Review.id)
    )
    newest = {part.id: (part, decision) for part, decision in rows}
    return [pair for pair in newest.values() if pair[1] != "unsure"]
