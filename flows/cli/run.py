"""``eagle run``: the flow in this process, on Prefect's own temporary server, and its table."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.options import (
    PARAMS,
    PARTIAL,
    AllowPartialOption,
    CheckOption,
    ParamsOption,
    ProfileOption,
    SetOption,
    TimingsOption,
)
from flows.cli.preflight import check_only, note_start
from flows.server import TemporaryServer
from tasks.machinery.params import load_params, parse_assignments
from tasks.preflight.job import refuse_hopeless


def run(
    profile: ProfileOption = "demo",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
    check: CheckOption = False,
    timings: TimingsOption = False,
    details: Annotated[bool, typer.Option("--details", help="Show every column of the tables.")] = False,
    allow_partial: AllowPartialOption = False,
) -> None:
    """Run the benchmark of a profile: data, expert, threshold, MLLM, metrics, MLflow.

    What an earlier run computed is taken from the store; an interrupted run goes on where it was.

    Exit codes: 0 everything asked for was done; 3 something is missing, which the last lines name; 2 nothing could be run.

    Examples:

      eagle run

      eagle run --profile mvtec --set threshold.kappa=2.5 --set caas.alpha=0.3

      eagle run --profile paper --check       what it needs, what is missing, how long it takes
    """
    overrides = parse_assignments(assignments or [])
    config = load_params(params, profile, overrides)
    project = params.resolve().parent
    if check:
        check_only([config], project)
    refuse_hopeless(config, project)
    server = TemporaryServer()
    from flows.cli.results import show, show_timings
    from flows.eagle import eagle

    with server.ready():
        note_start(config)
        outcome = eagle(profile=profile, overrides=overrides, params=str(params))
    show(outcome, config.tracking.tracking_uri, details=details)
    if timings:
        show_timings(outcome.timings)
    if outcome.missing and not allow_partial:
        raise typer.Exit(PARTIAL)
