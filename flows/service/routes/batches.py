"""Several images in one request, a result for each."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from eagle_core.config.service import ServiceConfig
from eagle_core.errors import EagleError
from flows.service.context import Shared
from flows.service.receiving import judged, place_in
from flows.service.schemas import BatchedOut
from flows.service.upload import body_within

router = APIRouter(prefix="/api", tags=["parts"])
MOST_IMAGES = 64
IMAGES = {"type": "array", "items": {"type": "string", "format": "binary"}}
FORM_BODY = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": {"type": "object", "properties": {"images": IMAGES}}}},
    }
}


@router.post("/categories/{category}/batches", openapi_extra=FORM_BODY)
async def judge_all(
    category: str, request: Request, shared: Shared, idempotency_key: Annotated[str | None, Header(max_length=240)] = None
) -> list[BatchedOut]:
    """Judge the files of a form (curl -F images=@a.png -F images=@b.png), at most 64, one after the other.

    The whole request may have ``service.max_upload_mib``. An image that fails takes no other with it: its ``error`` says
    why. With a key, image n has the key ``KEY n``, from 1: the same request again makes no second parts.
    """
    answers = []
    with place_in(shared):  # a whole batch of images is no less to hold than one
        files = await _files(request, shared.station.config.service)
    for number, (name, content) in enumerate(files, start=1):
        key = None if idempotency_key is None else f"{idempotency_key} {number}"
        try:
            with place_in(shared):
                part = await judged(shared, category, name, content, key)
            answers.append(BatchedOut(file_name=name, part=part, error=None))
        except (EagleError, HTTPException) as error:
            told = error.detail if isinstance(error, HTTPException) else str(error)
            answers.append(BatchedOut(file_name=name, part=None, error=told))
    return answers


async def _files(request: Request, limits: ServiceConfig) -> list[tuple[str, bytes]]:
    """Names and bytes of the form's files, in order.

    Raises:
        HTTPException: 413 or 408 beyond a limit, 422 where it is no form or has no files.
    """
    body = await body_within(request, limits)

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(request.headers, once(), max_files=MOST_IMAGES, max_part_size=len(body)).parse()
    except (MultiPartException, KeyError) as error:
        told = getattr(error, "message", "no boundary")
        raise HTTPException(422, f"the body is no form with at most {MOST_IMAGES} files ({told}); send multipart/form-data") from error
    try:
        files = [(each.filename or "image", await each.read()) for _, each in form.multi_items() if isinstance(each, UploadFile)]
    finally:
        await form.close()
    if not files:
        raise HTTPException(422, "the form has no files; send images as multipart/form-data")
    return files
