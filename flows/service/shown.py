"""Kept parts as the API and the sinks show them: with their levels and the review that counts."""

from __future__ import annotations

from collections.abc import Sequence

from flows.service.schemas import PartOut
from tasks.station import parts
from tasks.station.database import Database
from tasks.station.schema import Part, ThresholdVersion


def shown(database: Database, found: Sequence[Part]) -> list[PartOut]:
    """In the order of ``found``."""
    with database.transaction() as session:
        reviews = parts.newest_reviews(session, [part.id for part in found])
        used = {i: session.get_one(ThresholdVersion, i) for i in {part.threshold_version_id for part in found}}
    return [
        PartOut.of(part, used[part.threshold_version_id].tau, used[part.threshold_version_id].warn_tau, reviews.get(part.id))
        for part in found
    ]
