"""The shift in numbers: counts by hour, alarms in a row, a table to take along."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from eagle_core.station.day import ROW_OF_ALARMS, Judged, alarms_in_a_row, hourly
from eagle_core.station.verdict import StationVerdict
from flows.service.context import Context, Shared
from tasks.station.schema import Part
from tasks.station.versions import now

router = APIRouter(prefix="/api", tags=["today"])
HOURS = 24


@router.get("/today")
def today(shared: Shared, hours: Annotated[int, Query(ge=1, le=24 * 31)] = HOURS) -> dict[str, Any]:
    """Counts by hour and category of the last hours, latency, and stopped parts in a row."""
    judged = _judged(shared, now() - timedelta(hours=hours))
    seconds = sorted(part.seconds for part in judged)
    rows = {
        category: alarms_in_a_row([part.verdict for part in reversed(judged) if part.category == category])
        for category in sorted({part.category for part in judged})
    }
    return {
        "hours": [asdict(count) for count in hourly(judged)],
        "parts": len(judged),
        "median_seconds": seconds[len(seconds) // 2] if seconds else None,
        "slowest_seconds": seconds[-1] if seconds else None,
        "alarms_in_a_row": rows,
        "in_a_row": [category for category, count in rows.items() if count >= ROW_OF_ALARMS],
    }


@router.get("/today.csv")
def table(shared: Shared, hours: Annotated[int, Query(ge=1, le=24 * 31)] = HOURS) -> Response:
    """Counts by hour and category as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["hour_utc", "category", "ok", "look", "not_ok", "not_judged"])
    for c in hourly(_judged(shared, now() - timedelta(hours=hours))):
        writer.writerow([c.hour, c.category, c.ok, c.look, c.not_ok, c.not_judged])
    headers = {"Content-Disposition": "attachment; filename=today.csv"}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _judged(shared: Context, since: datetime) -> list[Judged]:
    with shared.station.database.transaction() as session:
        rows = session.execute(
            select(Part.received_at, Part.category, Part.verdict, Part.seconds)
            .where(Part.received_at >= since)
            .order_by(Part.id)
        ).all()
    return [Judged(at, category, cast(StationVerdict, verdict), seconds) for at, category, verdict, seconds in rows]
