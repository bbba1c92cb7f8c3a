"""The way of one image from a request to its answer: a place in the queue, the verdict, the counters."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException
from fastapi.concurrency import run_in_threadpool

from flows.service.context import Context
from flows.service.schemas import PartOut
from flows.service.shown import shown


@contextmanager
def place_in(shared: Context) -> Iterator[None]:
    """Hold one place of the queue, and let the counters know.

    Raises:
        HTTPException: 503 with Retry-After where all are taken.
    """
    try:
        with shared.queue.place():
            shared.metrics.queue.set(shared.queue.inside)
            yield
    except HTTPException as error:
        if error.status_code == 503:
            shared.metrics.refused.inc()
        raise
    finally:
        shared.metrics.queue.set(shared.queue.inside)


async def judged(shared: Context, category: str, file_name: str, content: bytes, idempotency_key: str | None) -> PartOut:
    """Judge and keep one image."""
    key = idempotency_key or f"unnamed-{uuid.uuid4()}"
    part = await run_in_threadpool(shared.station.receive, category, file_name, content, key)
    [answer] = await run_in_threadpool(shown, shared.station.database, [part])
    return answer
