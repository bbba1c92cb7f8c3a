"""``eagle serve``: the inspection station with its page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.machinery.params import load_params, parse_assignments

PORT = 8321


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; other than loopback needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = PORT,
    profile: ProfileOption = "demo",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
    certificate: Annotated[Path | None, typer.Option(help="PEM certificate, for https.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM key of the certificate.")] = None,
) -> None:
    """Open the inspection station: judge images over HTTP, with a page for people."""
    from flows.service.security import access_for

    config = load_params(params, profile, parse_assignments(assignments or []))
    access = access_for(host)
    console = Console()
    scheme = "https" if certificate else "http"
    console.print(f"The station opens at [bold]{scheme}://{host}:{port}[/] (Ctrl-C ends it)", highlight=False)
    import uvicorn

    from flows.service.app import make_app

    uvicorn.run(
        make_app(config, access),
        host=host,
        port=port,
        log_level="warning",
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
