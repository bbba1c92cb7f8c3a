"""One station: receives parts, judges them, keeps them before it says so."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError
from tasks.station import parts, versions
from tasks.station.asking import Asker
from tasks.station.categories import categories
from tasks.station.database import Database, sqlite_url
from tasks.station.fitting import Fitter
from tasks.station.images import KeptImages
from tasks.station.judge import Judge
from tasks.station.observing import Nobody, Observer, Stage, timed
from tasks.station.schema import Active, Job, Part

LOG = logging.getLogger("eagle.station")


@dataclass(frozen=True, slots=True)
class Station:
    """Everything that requests work with."""

    config: EagleConfig
    database: Database
    images: KeptImages
    judge: Judge
    fitter: Fitter
    asker: Asker
    observer: Observer

    def receive(self, category: str, file_name: str, content: bytes, idempotency_key: str) -> Part:
        """Keep an image, judge it, keep the verdict; returns only when all of it is on the disk.

        The same key again returns the part that it made before, without judging.

        Raises:
            ConfigurationError: The category has no fitted expert, or the key was used for another image.
        """
        began = time.monotonic()
        seconds: dict[Stage, float] = {}
        with timed(seconds, "store"):
            digest = self.images.keep(content)
        with self.database.transaction() as session:
            known = parts.find_by_key(session, idempotency_key)
            used = versions.in_force(session, category)
        if known is not None:
            return _same(known, category, digest)
        if used is None:
            raise ConfigurationError(f"category {category!r} has no fitted expert yet; add good images and fit it first")
        at = versions.now()
        asked_at = time.perf_counter()
        judgement = self.judge.judge(category, self.images.path(digest), used.expert.entry_key, used.levels)
        seconds["wait"] = max(0.0, time.perf_counter() - asked_at - sum(judgement.seconds.values()))
        received = parts.Received(idempotency_key, category, file_name, digest, at, time.monotonic() - began)
        try:
            with timed(seconds, "persist"), self.database.transaction(in_order=True) as session:
                kept = parts.keep(session, received, judgement, used)
                asked = self.asker.note(session, kept, used)
        except IntegrityError:
            # The same part, sent twice at once: the other one came first.
            with self.database.transaction() as session:
                known = parts.find_by_key(session, idempotency_key)
            if known is None:
                raise
            return _same(known, category, digest)
        if asked:
            self.asker.ask(kept.id)
        for stage, taken in {**seconds, **judgement.seconds}.items():
            self.observer.stage(stage, taken)
        self.observer.judged(category, kept.verdict, time.monotonic() - began)
        return kept

    def close(self) -> None:
        """End the background work and the database's connections."""
        self.fitter.stop()
        self.asker.stop()
        self.database.close()


def open_station(
    config: EagleConfig, *, fit: bool = True, judge: Judge | None = None, observer: Observer | None = None
) -> Station:
    """Open the station that ``config.service`` describes.

    Args:
        config: All of it is read.
        fit: Take up unfinished fits and unanswered questions, and fit the categories that never were.
        judge: Judges; None: this process does.
        observer: Is told what happens; None: nobody is.
    """
    folder = config.service.folder
    database = Database(config.service.database or sqlite_url(folder))
    images, judging = KeptImages(folder / "images"), judge or Judge(config)
    watched = observer or Nobody()
    asker = Asker(config, database, images, judging, watched)
    station = Station(config, database, images, judging, Fitter(config, database), asker, watched)
    if fit:
        station.fitter.start()
        asker.start()
        _fit_what_was_never_fitted(station)
    return station


def _fit_what_was_never_fitted(station: Station) -> None:
    with station.database.transaction() as session:
        begun = {*session.scalars(select(Active.category)), *session.scalars(select(Job.category))}
    for category in categories(station.config):
        if category not in begun:
            station.fitter.ask(category, by="station", note="first fit")


def _same(known: Part, category: str, digest: str) -> Part:
    if (known.category, known.image_sha256) != (category, digest):
        raise ConfigurationError(
            f"idempotency key {known.idempotency_key!r} was used for another image (part {known.id}); use a new key for each part"
        )
    return known
