"""Versions of experts and thresholds, which of them judges now, and the log of every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eagle_core.errors import ConfigurationError
from eagle_core.station.verdict import Levels
from tasks.station.schema import Active, Audit, ExpertVersion, ThresholdVersion


@dataclass(frozen=True, slots=True)
class InForce:
    """What a category is judged with now."""

    expert: ExpertVersion
    threshold: ThresholdVersion

    @property
    def levels(self) -> Levels:
        """Of the threshold."""
        return Levels(self.threshold.tau, self.threshold.warn_tau)


def in_force(session: Session, category: str) -> InForce | None:
    """The active versions of a category; None where nothing has been fitted yet."""
    active = session.get(Active, category)
    if active is None:
        return None
    expert = session.get_one(ExpertVersion, active.expert_version_id)
    return InForce(expert, session.get_one(ThresholdVersion, active.threshold_version_id))


def add_expert(session: Session, category: str, entry_key: str, images: int, *, by: str, note: str) -> ExpertVersion:
    """A new version; the same fit again is the version that it already is."""
    known = session.scalar(
        select(ExpertVersion).where(ExpertVersion.category == category, ExpertVersion.entry_key == entry_key)
    )
    if known is not None:
        return known
    made = ExpertVersion(
        category=category, entry_key=entry_key, images=images, created_at=now(), created_by=by, note=note
    )
    session.add(made)
    session.flush()
    log(session, by, "expert added", category, {"expert": made.id, "images": images, "note": note})
    return made


def add_threshold(
    session: Session, expert: ExpertVersion, levels: Levels, *, name: str, note: str, by: str
) -> ThresholdVersion:
    """A new threshold version for an expert; it judges nothing before it is switched on."""
    made = ThresholdVersion(
        expert_version_id=expert.id,
        tau=levels.tau,
        warn_tau=levels.warn_tau,
        name=name,
        note=note,
        created_at=now(),
        created_by=by,
    )
    session.add(made)
    session.flush()
    detail = {"threshold": made.id, "tau": made.tau, "warn_tau": made.warn_tau, "name": name, "note": note}
    log(session, by, "threshold added", expert.category, detail)
    return made


def has_threshold(session: Session, expert: ExpertVersion) -> bool:
    """Whether an expert version has a threshold version."""
    return session.scalar(select(ThresholdVersion.id).where(ThresholdVersion.expert_version_id == expert.id).limit(1)) is not None


def switch(session: Session, threshold_id: int, *, by: str) -> InForce:
    """Let a threshold version, and the expert it belongs to, judge from now on.

    Raises:
        ConfigurationError: There is no such version.
    """
    threshold = session.get(ThresholdVersion, threshold_id)
    if threshold is None:
        raise ConfigurationError(f"there is no threshold version {threshold_id}; choose one of the list")
    expert = session.get_one(ExpertVersion, threshold.expert_version_id)
    former = session.get(Active, expert.category)
    detail = {
        "from": former and {"expert": former.expert_version_id, "threshold": former.threshold_version_id},
        "to": {"expert": expert.id, "threshold": threshold.id},
    }
    session.merge(
        Active(category=expert.category, expert_version_id=expert.id, threshold_version_id=threshold.id)
    )
    log(session, by, "switched", expert.category, detail)
    return InForce(expert, threshold)


def thresholds_of(session: Session, category: str) -> list[tuple[ExpertVersion, ThresholdVersion]]:
    """All versions of a category, the newest first."""
    rows = session.execute(
        select(ExpertVersion, ThresholdVersion)
        .join(ThresholdVersion, ThresholdVersion.expert_version_id == ExpertVersion.id)
        .where(ExpertVersion.category == category)
        .order_by(ThresholdVersion.id.desc())
    )
    return [(expert, threshold) for expert, threshold in rows]


def log(session: Session, who: str, what: str, category: str, detail: dict[str, Any]) -> None:
    """One line of the audit log."""
    session.add(Audit(at=now(), who=who, what=what, category=category, detail=detail))


def now() -> datetime:
    """The time that records carry."""
    return datetime.now(UTC)
