"""``eagle run``: the flow in this process, on Prefect's own temporary server, and its table."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.preflight import check_only, note_start, ready_for_run
from flows.cli.shared import Chosen, Computing, with_shared_options
from flows.server import TemporaryServer
from tasks.preflight.job import refuse_hopeless


@with_shared_options
def run(
    chosen: Chosen,
    computing: Computing,
    details: Annotated[bool, typer.Option("--details", help="Show every column of the tables.")] = False,
) -> None:
    """Run the benchmark of a profile: data, expert, threshold, MLLM, metrics, MLflow.

    What an earlier run computed is taken from the store; an interrupted run goes on where it was.

    Exit codes: 0 everything asked for was done; 3 something is missing, which the last lines name; 2 nothing could be run.

    Examples:

      eagle run

      eagle run --profile mvtec --set threshold.kappa=2.5 --set caas.alpha=0.3

      eagle run --profile paper --check       what it needs, what is missing, how long it takes
    """
    config = chosen.config()
    if computing.check:
        check_only([config], chosen.project)
    refuse_hopeless(config, chosen.project)
    server = TemporaryServer()
    from flows.cli.results import show
    from flows.eagle import eagle

    ready_for_run(config)
    with server.ready():
        note_start(config)
        outcome = eagle(profile=chosen.profile, overrides=chosen.overrides, params=str(chosen.params))
    show(outcome, config.tracking.tracking_uri, details=details)
    computing.end(outcome.timings, outcome.missing)
