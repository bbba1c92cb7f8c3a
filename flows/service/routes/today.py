"""The shift in numbers: counts by hour, drift, alerts, tables to take along."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from eagle_core.station.day import ROW_OF_ALARMS, Judged, alarms_in_a_row, hourly
from eagle_core.station.shifts import latest_shifts
from eagle_core.station.verdict import StationVerdict
from flows.service.context import Context, Shared
from flows.service.schemas import AlertOut
from flows.service.shown import shown
from tasks.station import parts, versions
from tasks.station.drift import drift_of
from tasks.station.schema import Active, Alert, Part

router = APIRouter(prefix="/api", tags=["today"])
HOURS = 24
SHIFTS_LISTED = 9
MOST_PARTS = 10_000


@router.get("/today")
def today(
    shared: Shared,
    hours: Annotated[int, Query(ge=1, le=24 * 31)] = HOURS,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    """Counts by hour and category, latency, stopped parts in a row, drift and alerts: of the last hours, or of a shift."""
    judged = _judged(shared, since or versions.now() - timedelta(hours=hours), until)
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
        "drift": _drift(shared),
    }


@router.get("/shifts")
def shifts(shared: Shared) -> list[dict[str, datetime]]:
    """The present shift and those before it, the newest first (``service.shifts``)."""
    found = latest_shifts(shared.station.config.service.shifts, datetime.now().astimezone(), SHIFTS_LISTED)
    return [{"since": begin, "until": end} for begin, end in found]


@router.get("/alerts")
def alerts(shared: Shared, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[AlertOut]:
    """What was noticed about the line, the newest first."""
    with shared.station.database.transaction() as session:
        found = session.scalars(select(Alert).order_by(Alert.id.desc()).limit(limit)).all()
    return [AlertOut.of(alert) for alert in found]


@router.get("/today.csv")
def table(
    shared: Shared,
    hours: Annotated[int, Query(ge=1, le=24 * 31)] = HOURS,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Response:
    """Counts by hour and category as CSV."""
    judged = _judged(shared, since or versions.now() - timedelta(hours=hours), until)
    counts = [[c.hour, c.category, c.ok, c.look, c.not_ok, c.not_judged] for c in hourly(judged)]
    return _csv("today.csv", ["hour_utc", "category", "ok", "look", "not_ok", "not_judged"], counts)


@router.get("/parts.csv")
def part_table(shared: Shared, since: datetime, until: datetime) -> Response:
    """Every part of a shift as CSV, the newest first; at most 10,000."""
    with shared.station.database.transaction() as session:
        found = parts.listed(session, parts.PartFilter(since=since, until=until), MOST_PARTS)
    columns = ["id", "received_at", "category", "file_name", "verdict", "score", "tau", "reason", "review", "reviewer"]
    rows = []
    for part in shown(shared.station.database, found):
        said = part.review
        told = [part.id, part.received_at.isoformat(), part.category, part.file_name, part.verdict, part.score, part.tau, part.reason]
        rows.append([*told, said and said.decision, said and said.reviewer])
    return _csv("parts.csv", columns, rows)


def _drift(shared: Context) -> dict[str, dict[str, Any]]:
    """By category; none of one with too few parts."""
    station, found = shared.station, {}
    with station.database.transaction() as session:
        for category in session.scalars(select(Active.category)).all():
            used = versions.in_force(session, category)
            drift = None if used is None else drift_of(station.config, session, station.judge, category, used)
            if drift is not None:
                found[category] = {"moved": drift.moved, "message": drift.message, "since": drift.since, **asdict(drift.check)}
    return found


def _csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _judged(shared: Context, since: datetime, until: datetime | None) -> list[Judged]:
    query = select(Part.received_at, Part.category, Part.verdict, Part.seconds).where(Part.received_at >= since)
    if until is not None:
        query = query.where(Part.received_at < until)
    with shared.station.database.transaction() as session:
        rows = session.execute(query.order_by(Part.id)).all()
    return [Judged(at, category, cast(StationVerdict, verdict), seconds) for at, category, verdict, seconds in rows]
