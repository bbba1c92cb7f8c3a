"""Threshold versions: what one would stop, new ones, switching, and the same for experts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from sqlalchemy import select

from eagle_core.station.rates import stopped
from eagle_core.station.verdict import Levels
from flows.service.context import Context, Shared, in_force_or_404
from flows.service.schemas import RateOut, ThresholdIn, ThresholdOut
from flows.service.security import engineer
from tasks.station import versions
from tasks.station.comparison import Confirmed, confirmed
from tasks.station.schema import Audit, ExpertVersion, ThresholdVersion

router = APIRouter(prefix="/api", tags=["thresholds and experts"])


@router.get("/categories/{category}/thresholds")
def listed(category: str, shared: Shared) -> list[ThresholdOut]:
    """All versions, the newest first."""
    with shared.station.database.transaction() as session:
        found = versions.thresholds_of(session, category)
        used = versions.in_force(session, category)
    active = used.threshold.id if used else None
    return [_threshold(expert, threshold, active) for expert, threshold in found]


@router.get("/categories/{category}/thresholds/preview")
def preview(category: str, shared: Shared, tau: Annotated[float, Query(ge=0)]) -> dict[str, Any]:
    """Of the good parts, how many a threshold would stop; of the confirmed defects, how many would pass."""
    used = in_force_or_404(shared.station, category)
    expert = shared.station.judge.expert(used.expert.entry_key)
    found = _confirmed(shared, used.expert)
    levels = Levels(tau, tau)
    return {
        "tau": tau,
        "good_parts_stopped": RateOut.of(stopped(expert.training_scores.scores, tau)),
        "confirmed_good_stopped": RateOut.of(found.false_alarms(levels)),
        "confirmed_defects_passed": RateOut.of(found.missed(levels)),
        "confirmed_defect_scores": sorted(map(float, found.defective)),
        "confirmed_good_scores": sorted(map(float, found.good)),
    }


@router.post("/categories/{category}/thresholds", status_code=201, dependencies=[Depends(engineer)])
def add(category: str, wanted: ThresholdIn, shared: Shared) -> ThresholdOut:
    """Keep a new threshold for the expert in force, and judge with it from now on unless told otherwise."""
    used = in_force_or_404(shared.station, category)
    levels = Levels(wanted.tau, wanted.tau if wanted.warn_tau is None else wanted.warn_tau)
    with shared.station.database.transaction() as session:
        made = versions.add_threshold(
            session, used.expert, levels, name=wanted.name, note=wanted.note, by=wanted.by
        )
        if wanted.switch_on:
            versions.switch(session, made.id, by=wanted.by)
        active = versions.in_force(session, category)
    return _threshold(used.expert, made, active.threshold.id if active else None)


@router.post("/thresholds/{threshold_id}/switch", dependencies=[Depends(engineer)])
def switch(threshold_id: int, shared: Shared, by: Annotated[str, Query(min_length=1, max_length=255)] = "engineer") -> ThresholdOut:
    """Judge with this version, and its expert, from now on; also the way back."""
    with shared.station.database.transaction() as session:
        if session.get(ThresholdVersion, threshold_id) is None:
            raise HTTPException(404, f"there is no threshold version {threshold_id}")
        used = versions.switch(session, threshold_id, by=by)
    return _threshold(used.expert, used.threshold, used.threshold.id)


@router.get("/categories/{category}/comparison")
def compare(category: str, threshold: int, shared: Shared) -> dict[str, Any]:
    """A version beside the one in force, on every part that people have confirmed."""
    used = in_force_or_404(shared.station, category)
    with shared.station.database.transaction() as session:
        other = session.get(ThresholdVersion, threshold)
        expert = session.get(ExpertVersion, other.expert_version_id) if other else None
    if other is None or expert is None or expert.category != category:
        raise HTTPException(404, f"there is no threshold version {threshold} in {category!r}")
    return {
        "now": _measured(shared, used.expert, used.threshold),
        "other": _measured(shared, expert, other),
    }


@router.get("/audit")
def audit(shared: Shared, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[dict[str, Any]]:
    """Every change of threshold, expert and good images, the newest first."""
    with shared.station.database.transaction() as session:
        lines = session.scalars(select(Audit).order_by(Audit.id.desc()).limit(limit)).all()
    return [{"at": a.at, "who": a.who, "what": a.what, "category": a.category, "detail": a.detail} for a in lines]


def _measured(shared: Context, expert: ExpertVersion, threshold: ThresholdVersion) -> dict[str, Any]:
    found = _confirmed(shared, expert)
    levels = Levels(threshold.tau, threshold.warn_tau)
    return {
        "expert_version": expert.id,
        "threshold_version": threshold.id,
        "images": expert.images,
        "tau": threshold.tau,
        "confirmed_good_stopped": RateOut.of(found.false_alarms(levels)),
        "confirmed_defects_passed": RateOut.of(found.missed(levels)),
        "unreadable": found.unreadable,
    }


def _confirmed(shared: Context, expert: ExpertVersion) -> Confirmed:
    return confirmed(shared.station.database, shared.station.images, shared.station.judge, expert)


def _threshold(expert: ExpertVersion, threshold: ThresholdVersion, active: int | None) -> ThresholdOut:
    return ThresholdOut(
        id=threshold.id,
        expert_version=expert.id,
        images=expert.images,
        tau=threshold.tau,
        warn_tau=threshold.warn_tau,
        name=threshold.name,
        note=threshold.note,
        created_at=threshold.created_at,
        created_by=threshold.created_by,
        active=threshold.id == active,
    )
