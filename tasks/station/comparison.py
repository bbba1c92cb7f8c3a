"""What another expert or other levels would have said about every part that people have confirmed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eagle_core.station.rates import Rate, share
from eagle_core.station.verdict import Levels
from tasks.station import parts
from tasks.station.database import Database
from tasks.station.images import KeptImages
from tasks.station.judge import Judge
from tasks.station.schema import ExpertVersion, Part


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Scores of the reviewed parts under one expert."""

    good: np.ndarray
    """``(G,) float64`` of the parts that people called good."""
    defective: np.ndarray
    """``(D,) float64`` of the parts that people called defective."""
    unreadable: int
    """Parts whose image is gone or cannot be judged."""

    def false_alarms(self, levels: Levels) -> Rate:
        """Good parts that would be stopped."""
        return share(int(np.count_nonzero(self.good >= levels.tau)), len(self.good))

    def missed(self, levels: Levels) -> Rate:
        """Defective parts that would pass."""
        return share(int(np.count_nonzero(self.defective < levels.tau)), len(self.defective))


def confirmed(database: Database, images: KeptImages, judge: Judge, expert: ExpertVersion) -> Confirmed:
    """Score the reviewed parts of the expert's category; those that it judged itself keep their score."""
    with database.transaction() as session:
        pairs = parts.reviewed(session, expert.category)
    scores: dict[str, list[float]] = {"good": [], "defective": []}
    unreadable = 0
    for part, decision in pairs:
        score = _score(part, images, judge, expert)
        if score is None:
            unreadable += 1
        else:
            scores[decision].append(score)
    return Confirmed(np.array(scores["good"]), np.array(scores["defective"]), unreadable)


def _score(part: Part, images: KeptImages, judge: Judge, expert: ExpertVersion) -> float | None:
    if part.expert_version_id == expert.id:
        return part.score
    # Levels decide no score; these are never looked at.
    judgement = judge.judge(part.category, images.path(part.image_sha256), expert.entry_key, Levels(0.0, 0.0))
    return None if judgement.prediction is None else judgement.prediction.score
