"""Tells sinks of judged parts and alerts, in order, each at its own pace; what is not told yet is told after a restart."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import func, select

from eagle_core.config.service import ServiceConfig
from flows.service.schemas import AlertOut
from flows.service.shown import shown
from flows.service.sinks.files import CsvFile, JsonFolder
from flows.service.sinks.mqtt import Mqtt
from flows.service.sinks.sink import Sink
from flows.service.sinks.webhook import Webhook
from tasks.station.database import Database, Unreachable
from tasks.station.schema import Alert, Delivery, Part

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
    """A thread that tells one sink of every part and alert since it was first configured."""

    def __init__(self, sink: Sink, database: Database) -> None:
        self._sink, self._database = sink, database
        self._alerts = f"{sink.name} alerts"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"sink {sink.name}", daemon=True)

    def start(self) -> None:
        """Begin after the last part that was told; a new sink begins with the next part."""
        with self._database.transaction() as session:
            for name, told in ((self._sink.name, Part), (self._alerts, Alert)):
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
                told = self._warn_next() or self._tell_next()
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

    def _tell_next(self) -> bool:
        """Tell of the next wanted part; False where there is none."""
        with self._database.transaction() as session:
            last = session.get_one(Delivery, self._sink.name).last_part_id
            waiting = list(session.scalars(select(Part).where(Part.id > last).order_by(Part.id).limit(AT_ONCE)))
        for part in shown(self._database, waiting):
            wanted = self._sink.wants(part)
            if wanted:
                self._sink.deliver(part)
            with self._database.transaction() as session:
                session.get_one(Delivery, self._sink.name).last_part_id = part.id
            if wanted:
                return True
        return False
