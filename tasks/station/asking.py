"""Asks an MLLM about parts, one after the other, once their verdict is kept; what a stopped server left unasked is asked later."""

from __future__ import annotations

import functools
import logging
import queue
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError, EagleError
from eagle_core.methods.expert import guide
from eagle_core.methods.headline import headline
from eagle_core.records import ExpertPrediction, Sample, Threshold
from eagle_core.threshold.gate import gate_is_open
from tasks.inspection.judging import ask, explained
from tasks.inspection.verdict import Verdict
from tasks.machinery.stand_in import is_stand_in
from tasks.machinery.store import Entry
from tasks.station import parts
from tasks.station.categories import station_dataset
from tasks.station.database import Database, Unreachable, insist
from tasks.station.images import KeptImages
from tasks.station.judge import Judge, expert_folder
from tasks.station.observing import Observer, Stage, timed
from tasks.station.schema import ExpertVersion, Opinion, Part, PartUpdate, ThresholdVersion
from tasks.station.versions import InForce, now

LOG = logging.getLogger("eagle.station")


class Asker:
    """A thread that works off the opinions of the database that wait. Without ``service.ask`` it does nothing."""

    def __init__(
        self, config: EagleConfig, database: Database, images: KeptImages, judge: Judge, observer: Observer
    ) -> None:
        self._config, self._database, self._images, self._judge = config, database, images, judge
        self._observer = observer
        self._waiting: queue.Queue[int | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="asking", daemon=True)

    def start(self) -> None:
        """Begin with the parts that were left unasked."""
        if self._config.service.ask is None:
            return
        with self._database.transaction() as session:
            left = session.scalars(select(Opinion.part_id).where(Opinion.state == "waiting").order_by(Opinion.part_id)).all()
        for part_id in left:
            self._waiting.put(part_id)
        self._thread.start()

    def stop(self) -> None:
        """Leave what waits to the next start."""
        self._stopping.set()
        self._waiting.put(None)

    def note(self, session: Session, part: Part, used: InForce) -> bool:
        """Write down, with the part itself, that it is to be asked about; False where it is not."""
        wanted = self._config.service.ask
        if wanted is None or part.score is None or not self._is_wanted(part, used):
            return False
        stand_in = is_stand_in(self._config.mllms[wanted.mllm])
        session.add(Opinion(part_id=part.id, mllm=wanted.mllm, state="waiting", stand_in=stand_in))
        return True

    def ask(self, part_id: int) -> None:
        """Ask about a part that ``note`` wrote down and that is committed."""
        self._waiting.put(part_id)

    def _is_wanted(self, part: Part, used: InForce) -> bool:
        wanted = self._config.service.ask
        if wanted is None or part.score is None:
            return False
        if wanted.when == "gate_open":
            return gate_is_open(part.score, self._judge.threshold(used.expert.entry_key, used.levels), self._config.caas)
        return wanted.when == "always" or part.verdict != "ok"

    def _work(self) -> None:
        while (part_id := self._waiting.get()) is not None:
            insist(functools.partial(self._ask_and_keep, part_id), self._stopping)

    def _ask_and_keep(self, part_id: int) -> None:
        seconds: dict[Stage, float] = {}
        try:
            with timed(seconds, "mllm"):
                answer = self._asked(part_id)
            self._observer.stage("mllm", seconds["mllm"])
        except Unreachable:
            raise
        except EagleError as error:
            LOG.warning("part %d: the MLLM was not asked: %s", part_id, error)
            answer = {"state": "failed", "error": str(error)}
        with self._database.transaction(in_order=True) as session:
            opinion = session.get_one(Opinion, part_id)
            for name, value in answer.items():
                setattr(opinion, name, value)
            opinion.answered_at = now()
            session.add(PartUpdate(part_id=part_id, kind="opinion", at=opinion.answered_at))

    def _asked(self, part_id: int) -> dict[str, Any]:
        with self._database.transaction() as session:
            part = session.get_one(Part, part_id)
            expert = session.get_one(ExpertVersion, part.expert_version_id)
            used = InForce(expert, session.get_one(ThresholdVersion, part.threshold_version_id))
            mllm = session.get_one(Opinion, part_id).mllm
        reading = parts.prediction(part)
        path = self._images.path(part.image_sha256)
        if reading is None or not path.is_file():
            raise DataError("its image or its map is no longer there")
        return self._answer(mllm, part, reading, self._judge.threshold(expert.entry_key, used.levels), expert, path)

    def _answer(
        self, mllm: str, part: Part, reading: ExpertPrediction, tau: Threshold, expert: ExpertVersion, path: Path
    ) -> dict[str, Any]:
        config, dataset = self._config, station_dataset(self._config).name
        if mllm not in config.mllms:
            raise DataError(f"{mllm!r} is no longer among mllms")
        depth = self._judge.bit_depth(expert.entry_key)
        sample = Sample(dataset, part.category, reading.image_id, path, "test", None, bit_depth=depth)
        fitted = Entry("expert", expert.entry_key, expert_folder(config, expert.entry_key), cached=True)
        asked, unplanned = ask(config, mllm, [sample], fitted, {reading.image_id: reading}, tau)
        if unplanned:
            raise DataError(unplanned[0].reason)
        one = asked[reading.image_id]
        counts = not one.stand_in
        decided = headline(
            reading.score, tau, mllm=mllm if counts else None, mllm_says_defective=one.defective if counts else None
        )
        verdict = Verdict(sample, reading, tau, guide(reading, tau, config), decided, one)
        if config.service.ask is not None and config.service.ask.explain:
            verdict = explained(config, verdict)
        says_otherwise = counts and one.defective is not None and one.defective != (part.verdict == "not_ok")
        return {
            "state": "answered",
            "defective": one.defective,
            "p_defect": one.answer.p_defect,
            "explanation": verdict.explanation,
            "contradictions": list(verdict.contradictions),
            "against": (decided.reason or f"{mllm} says {'defective' if one.defective else 'normal'}") if says_otherwise else None,
            "error": one.p_defect_absent if one.defective is None else None,
        }
