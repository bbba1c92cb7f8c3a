"""Categories: what there is, what its good parts score, new ones from good images, fits."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from flows.service.context import Shared, in_force_or_404
from flows.service.schemas import FitIn, JobOut
from flows.service.security import engineer
from flows.service.upload import body_within
from tasks.station import versions
from tasks.station.categories import add_good_images, categories, findings
from tasks.station.schema import Active, Job, Part

router = APIRouter(prefix="/api", tags=["categories"])


@router.get("/categories")
def listed(shared: Shared) -> list[dict[str, Any]]:
    """Each category, whether it can judge, and its newest fit."""
    shown = []
    with shared.station.database.transaction() as session:
        judged = session.scalars(select(Active.category)).all()
    # A category that came in an exported file has no images here.
    for name in dict.fromkeys((*categories(shared.station.config), *judged)):
        with shared.station.database.transaction() as session:
            used = versions.in_force(session, name)
            job = session.scalar(select(Job).where(Job.category == name).order_by(Job.id.desc()).limit(1))
        shown.append(
            {
                "name": name,
                "ready": used is not None,
                "images": used.expert.images if used else None,
                "expert_version": used.expert.id if used else None,
                "threshold_version": used.threshold.id if used else None,
                "job": _job(job) if job else None,
            }
        )
    return shown


@router.get("/categories/{category}")
def one(category: str, shared: Shared) -> dict[str, Any]:
    """The scores of a category's good parts, and the levels in force."""
    used = in_force_or_404(shared.station, category)
    expert = shared.station.judge.expert(used.expert.entry_key)
    return {
        "name": category,
        "good_scores": sorted(float(score) for score in expert.training_scores.scores),
        "tau": used.threshold.tau,
        "warn_tau": used.threshold.warn_tau,
        "expert_version": used.expert.id,
        "threshold_version": used.threshold.id,
        "images": used.expert.images,
        "unreadable": [f"{failure.image_id}: {failure.reason}" for failure in expert.failures],
    }


@router.post("/categories/{category}/images", dependencies=[Depends(engineer)])
async def add_image(
    category: str, request: Request, shared: Shared, x_file_name: Annotated[str, Header(max_length=1000)] = ""
) -> dict[str, Any]:
    """Add the good image in the body; a category that does not exist is made."""
    content = await body_within(request, shared.station.config.service)
    named = [(unquote(x_file_name) or "image", content)]
    added = await run_in_threadpool(add_good_images, shared.station.config, category, named)
    return {"added": added.names, "repeated": added.repeated, "unreadable": added.unreadable}


@router.get("/categories/{category}/findings")
def checked(category: str, shared: Shared) -> list[dict[str, str]]:
    """What a check of the category's images finds: duplicates, odd sizes, blank images."""
    found = findings(shared.station.config, category)
    return [{"kind": f.kind, "image": f.image_id, "message": f.message, "severity": f.severity} for f in found]


@router.post("/categories/{category}/fits", status_code=202, dependencies=[Depends(engineer)])
def fit(category: str, asked: FitIn, shared: Shared) -> JobOut:
    """Fit a new expert version in the background; named parts are put among the good images first."""
    station = shared.station
    images = []
    for part_id in asked.part_ids:
        with station.database.transaction() as session:
            part = session.get(Part, part_id)
        if part is None or part.category != category:
            raise HTTPException(404, f"there is no part {part_id} in {category!r}")
        path = station.images.path(part.image_sha256)
        if not path.is_file():
            raise HTTPException(410, f"the image of part {part_id} was removed")
        images.append((part.file_name or f"part {part_id}", path.read_bytes()))
    if images:
        added = add_good_images(station.config, category, images)
        with station.database.transaction() as session:
            detail = {"parts": asked.part_ids, "images": list(added.names)}
            versions.log(session, asked.by, "good images added", category, detail)
    if category not in categories(station.config):
        raise HTTPException(404, f"there is no category {category!r}; add good images to make it")
    return _job(station.fitter.ask(category, by=asked.by, note=asked.note))


@router.get("/jobs/{job_id}")
def job(job_id: int, shared: Shared) -> JobOut:
    """How far a fit is."""
    with shared.station.database.transaction() as session:
        found = session.get(Job, job_id)
    if found is None:
        raise HTTPException(404, f"there is no fit {job_id}")
    return _job(found)


def _job(job: Job) -> JobOut:
    return JobOut.model_validate(
        {
            "id": job.id,
            "category": job.category,
            "state": job.state,
            "phase": job.phase or "",
            "done": job.done or 0,
            "total": job.total or 0,
            "message": job.message or "",
            "expert_version": job.expert_version_id,
            "note": job.note,
        }
    )
