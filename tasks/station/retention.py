"""Removes images of old parts, by age and by size. Records, verdicts and reviews stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from eagle_core.config.service import ServiceConfig
from tasks.station import versions
from tasks.station.database import Database
from tasks.station.images import KeptImages
from tasks.station.schema import Part

GIB = 2**30


def remove_old_images(config: ServiceConfig, database: Database, images: KeptImages) -> int:
    """Apply ``keep_days`` and ``keep_gib``; returns how many images went. An image stays as long as its newest part."""
    with database.transaction() as session:
        rows = session.execute(select(Part.image_sha256, Part.received_at).order_by(Part.id.desc())).all()
    newest = dict(reversed([(digest, at) for digest, at in rows]))
    present = [(at, digest) for digest, at in newest.items() if images.path(digest).is_file()]
    removed = 0
    kept_bytes = 0
    oldest_kept = versions.now() - timedelta(days=config.keep_days) if config.keep_days is not None else None
    for at, digest in sorted(present, reverse=True):
        kept_bytes += images.path(digest).stat().st_size
        too_old = oldest_kept is not None and at < oldest_kept
        too_much = config.keep_gib is not None and kept_bytes > config.keep_gib * GIB
        if too_old or too_much:
            images.remove(digest)
            removed += 1
    return removed
