"""What requests share, found on the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request

from flows.service.metrics import Metrics
from flows.service.queue import BoundedQueue
from tasks.station.station import Station
from tasks.station.versions import InForce, in_force


@dataclass(frozen=True, slots=True)
class Context:
    """One app's station, counters and queue."""

    station: Station
    metrics: Metrics
    queue: BoundedQueue


def context_of(request: Request) -> Context:
    """Of the app that the request came to."""
    return cast(Context, request.app.state.context)


Shared = Annotated[Context, Depends(context_of)]


def in_force_or_404(station: Station, category: str) -> InForce:
    """What judges a category now.

    Raises:
        HTTPException: 404 where nothing has been fitted.
    """
    with station.database.transaction() as session:
        used = in_force(session, category)
    if used is None:
        raise HTTPException(404, f"category {category!r} has no fitted expert yet; add good images first")
    return used
