"""Parts: judge one, list them, show one, say what it really is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response

from eagle_core.station.heat_map import heat_map_png
from flows.service.context import Context, Shared
from flows.service.receiving import judged, place_in
from flows.service.schemas import PartOut, ReviewIn
from flows.service.shown import shown
from flows.service.upload import body_within
from tasks.station import parts
from tasks.station.categories import station_dataset
from tasks.station.schema import ExpertVersion, Part, ThresholdVersion

router = APIRouter(prefix="/api", tags=["parts"])
MOST_LISTED = 500
IMAGE_BODY = {"requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}


@router.post("/categories/{category}/parts", status_code=201, openapi_extra=IMAGE_BODY)
async def judge(
    category: str,
    request: Request,
    shared: Shared,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
    x_file_name: Annotated[str, Header(max_length=1000)] = "",
) -> PartOut:
    """Judge the image in the body. The answer comes when the part is on the disk; the same key again gives the same part."""
    with place_in(shared):
        content = await body_within(request, shared.station.config.service)
        return await judged(shared, category, unquote(x_file_name), content, idempotency_key)


@router.get("/parts")
def listed(
    shared: Shared,
    category: str | None = None,
    verdict: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    reviewer: str | None = None,
    unreviewed: bool = False,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
) -> list[PartOut]:
    """Parts, the newest first. ``unreviewed`` gives the queue of parts to look at."""
    chosen = parts.PartFilter(category, verdict, since, until, reviewer, unreviewed)
    with shared.station.database.transaction() as session:
        found = parts.listed(session, chosen, limit, before)
    return shown(shared.station.database, found)


@router.get("/parts/{part_id}")
def one(part_id: int, shared: Shared) -> PartOut:
    """One part."""
    [answer] = shown(shared.station.database, [_part(shared, part_id)])
    return answer


@router.get("/parts/{part_id}/image")
def image(part_id: int, shared: Shared) -> Response:
    """The image as it was sent."""
    path = shared.station.images.path(_part(shared, part_id).image_sha256)
    if not path.is_file():
        raise HTTPException(410, "the image was removed (service.keep_days, service.keep_gib)")
    return _picture(path.read_bytes())


@router.get("/parts/{part_id}/heat-map")
def heat_map(part_id: int, shared: Shared) -> Response:
    """The anomaly map as a transparent PNG in the image's proportions."""
    part = _part(shared, part_id)
    scores = parts.patch_scores(part)
    if scores is None or part.width is None or part.height is None:
        raise HTTPException(404, "this part was not judged: there is no map")
    with shared.station.database.transaction() as session:
        used = session.get_one(ThresholdVersion, part.threshold_version_id)
        expert = session.get_one(ExpertVersion, part.expert_version_id)
    preprocessing = shared.station.judge.expert(expert.entry_key).config.preprocessing
    png = heat_map_png(scores, (part.width, part.height), preprocessing, tau=used.tau)
    return _picture(png)


@router.get("/parts/{part_id}/nearest")
def nearest(part_id: int, shared: Shared) -> Response:
    """The good image that the part is most like."""
    part = _part(shared, part_id)
    if part.nearest_image_id is None:
        raise HTTPException(404, "this part was not judged")
    root = station_dataset(shared.station.config).root.resolve()
    path = (root / part.nearest_image_id).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise HTTPException(410, "that good image is no longer there")
    return _picture(path.read_bytes())


@router.post("/parts/{part_id}/reviews", status_code=201)
def review(part_id: int, said: ReviewIn, shared: Shared) -> PartOut:
    """Say what the part really is; the newest review counts."""
    _part(shared, part_id)
    with shared.station.database.transaction(in_order=True) as session:
        parts.review(session, part_id, said.decision, reviewer=said.reviewer, reason=said.reason)
    return one(part_id, shared)


def _part(shared: Context, part_id: int) -> Part:
    with shared.station.database.transaction() as session:
        part = session.get(Part, part_id)
    if part is None:
        raise HTTPException(404, f"there is no part {part_id}")
    return part


def _picture(content: bytes) -> Response:
    kinds = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"BM": "image/bmp", b"RIFF": "image/webp"}
    kind = next((kind for start, kind in kinds.items() if content.startswith(start)), "application/octet-stream")
    return Response(content, media_type=kind, headers={"Cache-Control": "private, max-age=86400"})
