"""``eagle sweep``: a grid of parameters in this process, on Prefect's own temporary server, and its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from eagle_core.counted import counted
from eagle_core.errors import ConfigurationError
from eagle_core.experiments.grid import grid_points, parse_axis
from flows.cli.console import plain, print_missing, wide_console
from flows.cli.options import PARAMS, ParamsOption, ProfileOption
from flows.cli.preflight import check_only, note_start, ready_for_run
from flows.cli.shared import Computing, with_shared_options
from flows.server import TemporaryServer
from tasks.machinery.params import load_params, parse_assignments
from tasks.preflight.job import refuse_hopeless

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from tasks.sweeps.results import SweepOutcome

GridOption = Annotated[
    list[str],
    typer.Option("--set", "-s", metavar="KEY=VALUES", help="start:stop:step (both ends included), a,b,c, or one value."),
]
HEADLINE = "balanced_accuracy_macro"


@with_shared_options
def sweep(
    assignments: GridOption,
    *,
    profile: ProfileOption = "demo",
    params: ParamsOption = PARAMS,
    computing: Computing,
) -> None:
    """Run every combination of parameter values; answers that points share are asked once.

    Every point is an MLflow run below the sweep's. An interrupted sweep goes on where it was.

    Exit codes: 0 everything asked for was done; 3 something is missing, which the last lines name; 2 nothing could be run.

    Examples:

      eagle sweep --set caas.alpha=0:1:0.1 --set threshold.kappa=1:4:0.5

      eagle sweep --profile visa --set caas.mode=logits,weights --set caas.alpha=0.6
    """
    grid, overrides = split_assignments(assignments)
    project = params.resolve().parent
    config = load_params(params, profile, overrides)
    if computing.check:
        from tasks.sweeps.points import points_of

        check_only([point.config for point in points_of(params, profile, overrides, grid_points(grid))], project)
    refuse_hopeless(config, project)
    server = TemporaryServer()
    from flows.sweep import sweep as sweep_flow

    ready_for_run(config)
    with server.ready():
        note_start(config)
        outcome = sweep_flow(profile=profile, grid=grid, overrides=overrides, params=str(params))
    show(outcome)
    computing.end(outcome.timings, outcome.missing)


def split_assignments(assignments: list[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Axes by key, and the single values below them.

    Raises:
        ConfigurationError: Nothing varies, a key is there twice, or one is not KEY=VALUES.
    """
    grid: dict[str, str] = {}
    single: list[str] = []
    for text in assignments:
        key, equals, values = text.partition("=")
        if not equals or not key:
            raise ConfigurationError(f"--set {text!r}: write it as key=values, such as caas.alpha=0:1:0.1")
        if key in grid or any(s.partition("=")[0] == key for s in single):
            raise ConfigurationError(f"--set {key}: it is there twice; write all its values after one --set")
        if len(parse_axis(key, values).values) > 1:
            grid[key] = values
        else:
            single.append(text)
    if not grid:
        raise ConfigurationError("nothing varies: give one --set a range such as caas.alpha=0:1:0.1, or use eagle run")
    return grid, parse_assignments(single)


def show(outcome: SweepOutcome) -> None:
    """Print the points, what was not run, and where everything is."""
    console = wide_console()
    table = outcome.table
    for dataset in table["dataset"].unique():
        console.print(as_rich(table[table["dataset"] == dataset], f"{dataset}: share judged right, mean of the categories (macro balanced accuracy)"))
    console.print(f"\n{counted(len(outcome.results), 'point')}, {outcome.distinct} with different results", highlight=False)
    console.print(f"points.csv, points.parquet: {outcome.identity.folder}", highlight=False)
    uri = outcome.results[0].point.config.tracking.tracking_uri
    console.print(f"compare points: mlflow ui --backend-store-uri {uri}", highlight=False)
    print_missing(console, outcome.missing)


def as_rich(table: pd.DataFrame, title: str) -> Table:
    """Points down, methods across."""
    from rich.table import Table

    from eagle_core.evaluation.table import METHOD_NAMES
    from eagle_core.record_table import NO_MLLM

    methods = table[["mllm", "method"]].drop_duplicates().itertuples(index=False)
    columns = sorted(map(tuple, methods), key=lambda pair: (pair[0] != NO_MLLM, list(METHOD_NAMES).index(pair[1])))
    shown = Table(title=title, title_justify="left")
    shown.add_column("point")
    for mllm, method in columns:
        shown.add_column(METHOD_NAMES[method] + ("" if mllm == NO_MLLM else f"\n{mllm}"), justify="right")
    shown.add_column("attention guided\n(gate open)", justify="right")
    for label in table["point"].drop_duplicates():
        mine = table[table["point"] == label].set_index(["mllm", "method"])
        values = [mine[HEADLINE].get(column) for column in columns]
        guided = mine[mine.index.get_level_values("method").isin(("eagle", "eagle_echo"))]["gate_open_count"]
        opened = " ".join(str(int(count)) for count in guided) or "–"
        shown.add_row(*plain(label), *("–" if v is None or v != v else f"{v:.3f}" for v in values), opened)
    return shown
