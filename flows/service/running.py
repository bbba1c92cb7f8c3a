"""Everything that runs beside the requests: sources, sinks, and the removal of old images."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import select

from eagle_core.errors import EagleError
from flows.service.delivery import Delivering, sinks_of
from flows.service.sources.camera import Filming
from flows.service.sources.watch import Watching
from tasks.station.alerting import Alerting
from tasks.station.database import Unreachable
from tasks.station.judge import EXPERTS_IN_MEMORY
from tasks.station.retention import remove_old_images
from tasks.station.schema import Active, ExpertVersion
from tasks.station.station import Station

LOG = logging.getLogger("eagle.station")
RETENTION_EVERY_SECONDS = 3600.0


class Tidying:
    """A thread that applies ``keep_days`` and ``keep_gib``, at the start and every hour."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="retention", daemon=True)

    def start(self) -> None:
        """Begin now."""
        self._thread.start()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()

    def _work(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            try:
                removed = remove_old_images(self._station.config.service, self._station.database, self._station.images)
            except (OSError, Unreachable) as error:
                LOG.warning("old images were not removed, tried again in an hour: %s", error)
                removed = 0
            if removed:
                LOG.info("%d images of old parts were removed; their records stay", removed)
            wait = RETENTION_EVERY_SECONDS


class Preparing:
    """A thread that loads what judges now, once."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._thread = threading.Thread(target=self._work, name="preparing", daemon=True)

    def start(self) -> None:
        """Begin; parts that come meanwhile wait for it."""
        self._thread.start()

    def stop(self) -> None:
        """It ends by itself."""

    def _work(self) -> None:
        try:
            with self._station.database.transaction() as session:
                used = session.scalars(select(ExpertVersion.entry_key).join(Active, Active.expert_version_id == ExpertVersion.id)).all()
            self._station.judge.prepare(used[:EXPERTS_IN_MEMORY])
        except EagleError as error:
            LOG.warning("nothing was loaded beforehand: %s", error)


Running = Delivering | Watching | Filming | Tidying | Preparing | Alerting


def beside(station: Station) -> list[Running]:
    """What the configuration asks for, not started yet."""
    service = station.config.service
    running: list[Running] = [
        Preparing(station),
        Alerting(station.config, station.database, station.judge, station.observer),
        *(Delivering(sink, station.database) for sink in sinks_of(service)),
    ]
    running += [Watching(watched, station) for watched in service.watch]
    if service.camera is not None:
        running.append(Filming(service.camera, station))
    if service.keep_days is not None or service.keep_gib is not None:
        running.append(Tidying(station))
    return running
