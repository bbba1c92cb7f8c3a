"""Makes the FastAPI application of one station."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

import eagle_core
from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from flows.service.context import Context
from flows.service.metrics import Metrics
from flows.service.queue import RETRY_AFTER_SECONDS, BoundedQueue
from flows.service.routes import batches, categories, pages, parts, thresholds, today
from flows.service.running import beside
from flows.service.security import CONTENT_SECURITY_POLICY, Access, refuse_other_sites
from flows.service.workers import judge_of
from tasks.carrying.export_file import open_export
from tasks.station.bringing import bring_in
from tasks.station.database import Unreachable
from tasks.station.station import open_station

PAGE = Path(__file__).parent / "page"


def make_app(config: EagleConfig, access: Access, brought: Sequence[Path] = ()) -> FastAPI:
    """The service for ``config``; the station is opened when the server starts, closed when it stops.

    Args:
        config: Of the project.
        access: Who may do what.
        brought: Exported files; their categories are judged with them.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        metrics = Metrics()
        with judge_of(config) as judge:
            metrics.processes.set_function(lambda: judge.processes)
            station = open_station(config, judge=judge, observer=metrics)
            for file in brought:
                bring_in(station, open_export(config, file), file.name)
            app.state.context = Context(station, metrics, BoundedQueue(config.service.queue))
            running = beside(station)
            for each in running:
                each.start()
            yield
            for each in running:
                each.stop()
            station.close()

    app = FastAPI(title="Eagle inspection station", version=eagle_core.__version__, lifespan=lifespan, docs_url=None, redoc_url=None)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            refuse_other_sites(request, access)
            if request.url.path.startswith(("/api", "/metrics", "/reports")):
                request.state.role = access.role_of(request)
        except HTTPException as error:
            return await http_exception_handler(request, error)
        response = await call_next(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    @app.exception_handler(EagleError)
    async def told(request: Request, error: EagleError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=422)

    @app.exception_handler(Unreachable)
    async def come_again(request: Request, error: Unreachable) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})

    for routes in (parts, batches, categories, thresholds, today, pages):
        app.include_router(routes.router)
    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app
