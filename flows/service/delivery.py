"""Tells sinks of judged parts, of what is said of them later, and of alerts: in order, each sink at its own pace.

What is not told yet is told after a restart.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import func, select

from eagle_core.config.service import ServiceConfig
from flows.service.schemas import AlertOut, PartTold
from flows.service.shown import shown
from flows.service.sinks.files import CsvFile, JsonFolder
from flows.service.sinks.mqtt import Mqtt
from flows.service.sinks.sink import Sink
from flows.service.sinks.webhook import Webhook
from tasks.station.database import Database, Unreachable
from tasks.station.schema import Alert, Delivery, Part, PartUpdate

LOG = logging.getLogger("eagle.station")
LOOK_EVERY_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 60.0
AT_ONCE = 100


def sinks_of(config: ServiceConfig) -> list[Sink]:
    """The sinks that are configured."""
    sinks: list[Sink] = []
    if config.results_folder is not None:
        sinks.append(JsonFolder(config.results_folder))
    if config.results_csv is not None:
        sinks.append(CsvFile(config.results_csv))
    if config.webhook is not None:
        sinks.append(Webhook(config.webhook))
    if config.mqtt is not None:
        sinks.append(Mqtt(config.mqtt))
    return sinks


class Delivering:
    """A thread that tells one sink of everything since it was first configured."""

    def __init__(self, sink: Sink, database: Database) -> None:
        self._sink, self._database = sink, database
        self._alerts, self._updates = f"{sink.name} alerts", f"{sink.name} updates"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"sink {sink.name}", daemon=True)

    def start(self) -> None:
        """Begin after the last part that was told; a new sink begins with the next part."""
        with self._database.transaction() as session:
            for name, told in ((self._sink.name, Part), (self._alerts, Alert), (self._updates, PartUpdate)):
                if session.get(Delivery, name) is None:
                    newest = session.scalar(select(func.max(told.id))) or 0
                    session.add(Delivery(sink=name, last_part_id=newest))
        self._thread.start()

    def stop(self) -> None:
        """End after the part in hand."""
        self._stopping.set()
        self._thread.join(LOOK_EVERY_SECONDS * 4)

    def _work(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            try:
                told = self._warn_next() or self._tell_next_update() or self._tell_next()
                wait = self._sink.seconds_between if told else LOOK_EVERY_SECONDS
            except (OSError, Unreachable) as error:
                wait = min(LONGEST_WAIT_SECONDS, max(1.0, wait * 2))
                LOG.warning("%s; tried again in %.0f s", error, wait)

    def _warn_next(self) -> bool:
        """Tell of the next alert; False where there is none."""
        with self._database.transaction() as session:
            last = session.get_one(Delivery, self._alerts).last_part_id
            alert = session.scalar(select(Alert).where(Alert.id > last).order_by(Alert.id).limit(1))
        if alert is None:
            return False
        self._sink.warn(AlertOut.of(alert))
        with self._database.transaction() as session:
            session.get_one(Delivery, self._alerts).last_part_id = alert.id
        return True

    def _tell_next_update(self) -> bool:
        """Tell again of the next part of which something was said, once it has been told itself; False where there is none."""
        with self._database.transaction() as session:
            last = session.get_one(Delivery, self._updates).last_part_id
            told = session.get_one(Delivery, self._sink.name).last_part_id
            waiting = list(session.scalars(select(PartUpdate).where(PartUpdate.id > last).order_by(PartUpdate.id).limit(AT_ONCE)))
            about = {each.part_id: session.get_one(Part, each.part_id) for each in waiting}
        now = {part.id: part for part in shown(self._database, list(about.values()))}
        for update in waiting:
            if update.part_id > told:
                return False
            if self._handle(PartTold.again(now[update.part_id], update.kind, update.id), self._updates, update.id):
                return True
        return False

    def _tell_next(self) -> bool:
        """Tell of the next wanted part; False where there is none."""
        with self._database.transaction() as session:
            last = session.get_one(Delivery, self._sink.name).last_part_id
            waiting = list(session.scalars(select(Part).where(Part.id > last).order_by(Part.id).limit(AT_ONCE)))
        for part in shown(self._database, waiting):
            if self._handle(PartTold.again(part, "part", None), self._sink.name, part.id):
                return True
        return False

    def _handle(self, told: PartTold, stream: str, number: int) -> bool:
        """Deliver what is wanted, and remember it as told; whether it was wanted."""
        wanted = self._sink.wants(told)
        if wanted:
            self._sink.deliver(told)
        with self._database.transaction() as session:
            session.get_one(Delivery, stream).last_part_id = number
        return wanted
