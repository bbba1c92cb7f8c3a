"""Kept parts as the API and the sinks show them: with their levels, the MLLM's opinion and the review that counts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from flows.service.schemas import PartOut
from tasks.station import parts
from tasks.station.database import Database
from tasks.station.schema import Opinion, Part, ThresholdVersion


def shown(database: Database, found: Sequence[Part]) -> list[PartOut]:
    """In the order of ``found``."""
    ids = [part.id for part in found]
    with database.transaction() as session:
        reviews = parts.newest_reviews(session, ids)
        opinions = {each.part_id: each for each in session.scalars(select(Opinion).where(Opinion.part_id.in_(ids)))}
        used = {i: session.get_one(ThresholdVersion, i) for i in {part.threshold_version_id for part in found}}
    return [
        PartOut.of(
            part,
            used[part.threshold_version_id].tau,
            used[part.threshold_version_id].warn_tau,
            opinions.get(part.id),
            reviews.get(part.id),
        )
        for part in found
    ]
