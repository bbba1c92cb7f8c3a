"""Watches the line rather than single parts: opens an alert when something begins, and closes it when it is over."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from eagle_core.station.day import ROW_OF_ALARMS, alarms_in_a_row
from eagle_core.station.verdict import StationVerdict
from tasks.station import versions
from tasks.station.database import Database, Unreachable
from tasks.station.drift import drift_of
from tasks.station.judge import Judge
from tasks.station.observing import Observer
from tasks.station.schema import Active, Alert, Part

LOG = logging.getLogger("eagle.station")
LOOK_EVERY_SECONDS = 1.0
LOOKED_BACK = 100
"""Parts among which a row is counted."""


class Alerting:
    """A thread that looks at the newest parts whenever there are new ones."""

    def __init__(self, config: EagleConfig, database: Database, judge: Judge, observer: Observer) -> None:
        self._config, self._database, self._judge, self._observer = config, database, judge, observer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()
        self._thread.join(LOOK_EVERY_SECONDS * 4)

    def _work(self) -> None:
        seen = 0
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            try:
                seen = self._look_at_what_is_newer(seen)
            except Unreachable as error:
                LOG.warning("alerts: %s", error)

    def _look_at_what_is_newer(self, seen: int) -> int:
        """Returns the newest part."""
        with self._database.transaction() as session:
            newest = session.scalar(select(func.max(Part.id))) or 0
            categories = list(session.scalars(select(Active.category)))
        for category in categories if newest != seen else ():
            try:
                self._look(category)
            except Unreachable:
                raise
            except EagleError as error:
                LOG.warning("%s: alerts: %s", category, error)
        return newest

    def _look(self, category: str) -> None:
        with self._database.transaction(in_order=True) as session:
            newest = session.execute(
                select(Part.verdict, Part.received_at).where(Part.category == category).order_by(Part.id.desc()).limit(LOOKED_BACK)
            ).all()
            row = alarms_in_a_row([cast(StationVerdict, verdict) for verdict, _ in newest])
            told = f"{row} parts were stopped one after the other: look at the machine" if row >= ROW_OF_ALARMS else ""
            _note(session, category, "row", told, newest[row - 1][1] if told else None)
            used = versions.in_force(session, category)
            found = None if used is None else drift_of(self._config, session, self._judge, category, used)
            if found is not None:
                _note(session, category, "drift", found.message, found.since)
                self._observer.drifted(category, found.check.effect, found.moved)


def _note(session: Session, category: str, kind: str, message: str, since: datetime | None) -> None:
    """Open an alert, keep an open one up to date, or close it where ``message`` is empty."""
    is_open = select(Alert).where(Alert.category == category, Alert.kind == kind, Alert.ended_at.is_(None))
    held = session.scalar(is_open)
    if held is not None:
        held.ended_at = None if message else versions.now()
    elif message and since is not None:
        session.add(Alert(at=versions.now(), category=category, kind=kind, message=message, since=since))
        LOG.warning("%s: %s", category, message)
