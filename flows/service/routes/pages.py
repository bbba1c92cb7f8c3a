"""The page's own files, the reports of runs, health and counters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from flows.service.context import Shared
from flows.service.security import CONTENT_SECURITY_POLICY, COOKIE

router = APIRouter(tags=["page"])
REPORT = "report.html"
# A report is one file with its scripts inside.
REPORT_POLICY = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'unsafe-inline'").replace(
    "style-src 'self'", "style-src 'unsafe-inline'"
)


@router.get("/healthz")
def health(shared: Shared) -> dict[str, Any]:
    """Answers where the database does."""
    with shared.station.database.transaction() as session:
        session.connection()
    return {"status": "ok", "waiting": shared.queue.inside}


@router.get("/metrics")
def metrics(shared: Shared) -> Response:
    """For Prometheus."""
    return Response(shared.metrics.text(), media_type="text/plain; version=0.0.4")


@router.post("/api/session")
def session(request: Request, response: Response) -> dict[str, str]:
    """Let the browser keep the request's token, out of reach of scripts and of other sites."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token:
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return {"role": request.state.role}


@router.get("/api/reports")
def reports(shared: Shared) -> list[str]:
    """Runs that have a page, the newest first."""
    found = shared.station.config.run.output_dir.glob(f"*/{REPORT}")
    return [path.parent.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


@router.get("/reports/{run}")
def report(run: str, shared: Shared) -> Response:
    """The page of a run."""
    root: Path = shared.station.config.run.output_dir.resolve()
    path = (root / run / REPORT).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise HTTPException(404, f"there is no page of run {run!r}; make it with `eagle report`")
    return FileResponse(path, headers={"Content-Security-Policy": REPORT_POLICY})
