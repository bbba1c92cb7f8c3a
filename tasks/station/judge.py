"""Judges parts with the active expert and threshold of each category; experts stay in memory."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eagle_core.config import EagleConfig
from eagle_core.data.images import reading_once
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.features import open_sample
from eagle_core.expert.scoring import predict
from eagle_core.geometry import ImageGeometry
from eagle_core.guidance.boxes import find_boxes
from eagle_core.records import Box, ExpertPrediction, Failure, Threshold
from eagle_core.station.verdict import Levels, StationVerdict, reason, verdict_of
from tasks.carrying.kit import Kit, read_kit
from tasks.machinery.inputs import limit_threads
from tasks.station.observing import Stage, timed

EXPERTS_IN_MEMORY = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the station says about one image."""

    verdict: StationVerdict
    reason: str
    boxes: tuple[Box, ...]
    prediction: ExpertPrediction | None
    """None: the image could not be judged."""
    likeness: float | None
    """To the training images, as the expert measures it."""
    nearest_image_id: str | None
    seconds: Mapping[Stage, float]
    """By stage: decode, expert and check."""


class Judge:
    """One at a time; a call from another thread waits."""

    def __init__(self, config: EagleConfig) -> None:
        self._config = config
        self._experts: OrderedDict[str, Kit] = OrderedDict()
        self._busy, self._looking_up = threading.Lock(), threading.Lock()

    def expert(self, entry_key: str) -> FittedExpert:
        """The fitted expert of a version, kept in memory.

        Raises:
            DataError: Its files are gone or damaged; the message says to fit again.
        """
        return self._kit(entry_key).expert

    def threshold(self, entry_key: str, levels: Levels) -> Threshold:
        """The fitted threshold of a version, moved to the levels in force."""
        warn_tau = levels.warn_tau if levels.warn_tau < levels.tau else None
        return dataclasses.replace(self._kit(entry_key).threshold, tau=levels.tau, tau_warn=warn_tau)

    def bit_depth(self, entry_key: str) -> int:
        """How the camera of a version's good images fills sixteen bits."""
        return self._kit(entry_key).bit_depth

    def _kit(self, entry_key: str) -> Kit:
        with self._looking_up:
            if entry_key not in self._experts:
                self._experts[entry_key] = read_kit(expert_folder(self._config, entry_key))
                if len(self._experts) > EXPERTS_IN_MEMORY:
                    self._experts.popitem(last=False)
            self._experts.move_to_end(entry_key)
            return self._experts[entry_key]

    @property
    def processes(self) -> int:
        """That judge now."""
        return 1

    def prepare(self, entry_keys: Sequence[str]) -> None:
        """Load network and experts beforehand, so that the first part does not wait for them.

        Raises:
            EagleError: Something is missing or damaged; the first part will be told the same.
        """
        with self._busy:
            limit_threads(self._config)
            for entry_key in entry_keys:
                self._kit(entry_key).network(self._config)

    def judge(self, category: str, image: Path, entry_key: str, levels: Levels) -> Judgement:
        """The verdict on one image file by an expert and two levels; one that cannot be judged is ``not_judged``.

        That is: it cannot be read, or looks like none of the expert's training images (``judging.unlike``).
        """
        seconds: dict[Stage, float] = {}
        with self._busy, reading_once():
            limit_threads(self._config)
            kit = self._kit(entry_key)
            sample = kit.sample(image, image.name, category)
            network = kit.network(self._config)
            with timed(seconds, "decode"):
                open_sample(sample)
            with timed(seconds, "expert"):
                [reading] = predict(kit.expert, network, [sample], batch_size=1)
            with timed(seconds, "check"):
                refused = kit.why_not_judged(self._config, sample, reading)
                if isinstance(reading, Failure) or refused is not None:
                    return Judgement("not_judged", refused or "", (), None, None, None, seconds)
                return _judged(reading, kit.expert, levels, self._config, seconds)


def expert_folder(config: EagleConfig, entry_key: str) -> Path:
    """Where the station keeps its own copy of an expert, so that pruning the cache takes none away."""
    return config.service.folder / "experts" / entry_key


def _judged(
    reading: ExpertPrediction, expert: FittedExpert, levels: Levels, config: EagleConfig, seconds: Mapping[Stage, float]
) -> Judgement:
    verdict = verdict_of(reading.score, levels)
    geometry = ImageGeometry.of(reading.image_size, expert.config.preprocessing)
    boxes: tuple[Box, ...] = ()
    if verdict in ("look", "not_ok"):
        level = levels.tau if verdict == "not_ok" else levels.warn_tau
        boxes = find_boxes(reading.patch_scores, geometry, tau=level, rule="tau", max_boxes=config.guidance.max_boxes)
    nearest = int(np.argmax(expert.training_embeddings.numpy() @ reading.embedding))
    return Judgement(
        verdict,
        reason(reading.score, levels, expert.training_scores.scores),
        boxes,
        dataclasses.replace(reading, patch_scores=np.ascontiguousarray(reading.patch_scores, dtype="<f4")),
        reading.likeness,
        expert.training_image_ids[nearest],
        seconds,
    )
