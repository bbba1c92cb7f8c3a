"""``eagle run``: the flow in this process, on Prefect's own temporary server, and its table."""

from __future__ import annotations

from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from flows.server import TemporaryServer
from tasks.machinery.params import load_params, parse_assignments
from tasks.preflight.data import refuse_without_data


def run(profile: ProfileOption = "demo", assignments: SetOption = None, params: ParamsOption = PARAMS) -> None:
    """Run the benchmark of a profile: data, expert, threshold, MLLM, metrics, MLflow.

    What an earlier run computed is taken from the store; an interrupted run goes on where it was.

    Examples:

      eagle run

      eagle run --profile mvtec --set threshold.kappa=2.5 --set caas.alpha=0.3
    """
    overrides = parse_assignments(assignments or [])
    config = load_params(params, profile, overrides)
    refuse_without_data(config, params.resolve().parent)
    server = TemporaryServer()
    from flows.cli.results import show
    from flows.eagle import eagle

    with server.ready():
        outcome = eagle(profile=profile, overrides=overrides, params=str(params))
    show(outcome, config.tracking.tracking_uri)
