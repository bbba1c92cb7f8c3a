"""``eagle serve``: the inspection station with its page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError
from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.machinery.params import load_params, parse_assignments

PORT = 8321


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; other than loopback needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = PORT,
    expert: Annotated[list[Path] | None, typer.Option(help="File that `eagle export` wrote; judges its category. May be repeated.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="The same from MLflow, such as models:/wood/3. May be repeated.")] = None,
    profile: ProfileOption = "demo",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
    certificate: Annotated[Path | None, typer.Option(help="PEM certificate, for https.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM key of the certificate.")] = None,
) -> None:
    """Open the inspection station: judge images over HTTP, with a page for people.

    In an empty folder it starts a new station, whose good images come by the page. With --expert or --model no params.yaml
    is needed.

    Examples:

      eagle serve

      eagle serve --expert wood.eagle

      eagle serve --model models:/wood/3

      eagle serve --model models:/wood/3 --set tracking.tracking_uri=http://server:5000
    """
    from flows.service.security import access_for

    brought = [*(expert or [])]
    config = _config(params, profile, parse_assignments(assignments or []), needed=not (brought or model))
    for file in brought:
        if not file.is_file():
            raise DataError(f"--expert {file}: no such file; `eagle export` writes one")
    access = access_for(host)
    console = Console()
    scheme = "https" if certificate else "http"
    console.print(f"The station opens at [bold]{scheme}://{host}:{port}[/] (Ctrl-C ends it)", highlight=False)
    import uvicorn

    from flows.service.app import make_app

    if model:
        from tasks.carrying.registering import registered_export

        brought += [registered_export(config, address) for address in model]
    uvicorn.run(
        make_app(config, access, brought),
        host=host,
        port=port,
        log_level="warning",
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def _config(params: Path, profile: str, overrides: dict[str, Any], *, needed: bool) -> EagleConfig:
    """Of params.yaml, which an empty folder is given; where none is needed and nothing of one was asked for, of no project."""
    absent = not params.is_file() and (params, profile) == (PARAMS, "demo")
    if absent and needed:
        from tasks.starting.station import start_station

        started = start_station(Path.cwd())
        Console(soft_wrap=True).print(f"A new station: written {started}. Make its first category on the page.", highlight=False, markup=False)
    if needed or not absent:
        return load_params(params, profile, overrides)
    from tasks.carrying.inspection import without_project

    return without_project(overrides)
