"""Fits experts in the background, one after the other; what a stopped server had begun is taken up again."""

from __future__ import annotations

import functools
import logging
import queue
import threading

from sqlalchemy import select

from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from eagle_core.station.verdict import levels_of
from tasks.carrying.kit import fit_category, read_kit, write_kit
from tasks.machinery.inputs import forget_datasets
from tasks.machinery.progress import listening
from tasks.station import versions
from tasks.station.categories import station_dataset
from tasks.station.database import Database, Unreachable, insist
from tasks.station.judge import expert_folder
from tasks.station.schema import Active, Job

LOG = logging.getLogger("eagle.station")


class Fitter:
    """A thread that works off the jobs of the database."""

    def __init__(self, config: EagleConfig, database: Database) -> None:
        self._config, self._database = config, database
        self._waiting: queue.Queue[int | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="fitting", daemon=True)

    def start(self) -> None:
        """Begin with the jobs that were left unfinished."""
        with self._database.transaction() as session:
            left = session.scalars(select(Job).where(Job.state.in_(("waiting", "running"))).order_by(Job.id)).all()
        for job in left:
            self._waiting.put(job.id)
        self._thread.start()

    def stop(self) -> None:
        """Let the job in hand go on elsewhere: it stays in the database and is taken up at the next start."""
        self._stopping.set()
        self._waiting.put(None)

    def ask(self, category: str, *, by: str, note: str) -> Job:
        """Queue a fit on the good images that the category has now."""
        with self._database.transaction() as session:
            job = Job(category=category, state="waiting", asked_at=versions.now(), asked_by=by, note=note)
            session.add(job)
            session.flush()
        self._waiting.put(job.id)
        return job

    def _work(self) -> None:
        while (job_id := self._waiting.get()) is not None:
            insist(functools.partial(self._fit_or_tell, job_id), self._stopping)

    def _fit_or_tell(self, job_id: int) -> None:
        try:
            self._fit(job_id)
        except Unreachable:
            raise
        except EagleError as error:
            self._update(job_id, state="failed", message=str(error))
            LOG.warning("fit %d failed: %s", job_id, error)

    def _fit(self, job_id: int) -> None:
        self._update(job_id, state="running", message="")
        with self._database.transaction() as session:
            job = session.get_one(Job, job_id)
        forget_datasets()
        config, dataset = self._config, station_dataset(self._config).name

        def report(phase: str, done: int, total: int) -> None:
            if done in (1, total) or done % 16 == 0:
                self._update(job_id, phase=phase, done=done, total=total)

        with listening(report):
            fitted = fit_category(config, dataset, job.category)
        kit = read_kit(write_kit(fitted, expert_folder(config, fitted.expert.key)))
        read, tau = kit.expert, kit.threshold
        with self._database.transaction() as session:
            version = versions.add_expert(
                session, job.category, fitted.expert.key, len(read.training_image_ids), by=job.asked_by, note=job.note
            )
            name = f"fitted ({tau.method})"
            made = versions.add_threshold(session, version, levels_of(tau), name=name, note="", by=job.asked_by)
            if session.get(Active, job.category) is None:
                versions.switch(session, made.id, by=job.asked_by)
            done = session.get_one(Job, job_id)
            done.state, done.expert_version_id = "done", version.id
            done.message = "; ".join([*tau.warnings, *(f"{f.image_id}: {f.reason}" for f in read.failures)])

    def _update(self, job_id: int, **values: object) -> None:
        with self._database.transaction() as session:
            job = session.get_one(Job, job_id)
            for name, value in values.items():
                setattr(job, name, value)

