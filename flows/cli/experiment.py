"""``eagle experiment``: the tables, figures and ablations of the paper, each one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from eagle_core.counted import counted
from eagle_core.experiments.catalogue import CATALOGUE, experiment_named
from flows.cli.console import plain, print_missing, wide_console
from flows.cli.preflight import check_only, note_start, ready_for_run
from flows.cli.shared import Chosen, Computing, with_shared_options
from flows.server import TemporaryServer
from tasks.preflight.job import refuse_hopeless

if TYPE_CHECKING:
    import pandas as pd

    from tasks.experiments.outcome import ExperimentOutcome

LONGEST = 40
"""Rows of a table on the console."""

app = typer.Typer(help="Named experiments: every table, figure and ablation is one command.", no_args_is_help=True)


@app.command("list")
def list_experiments() -> None:
    """What there is, and what each asks."""
    shown = Table("experiment", "question", "variants")
    for experiment in CATALOGUE:
        shown.add_row(experiment.name, experiment.question, str(len(experiment.variants)))
    wide_console().print(shown)


@app.command("run")
@with_shared_options
def run_experiment(
    name: Annotated[str, typer.Argument(help="Of `eagle experiment list`.")],
    chosen: Chosen,
    computing: Computing,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="Only this variant, by its label in the table; may be repeated, * stands for anything.")
    ] = None,
) -> None:
    """Run a named experiment on the data of a profile: MLflow runs, tables, figures, the paper's numbers beside.

    Exit codes: 0 everything asked for was done; 3 something is missing, which the last lines name; 2 nothing could be run.

    Examples:

      eagle experiment run eagle-table3

      eagle experiment run thresholds --profile mvtec

      eagle experiment run experts --variant 'PatchCore*Lite*'
    """
    known, config = experiment_named(name).only(variant or []), chosen.config()
    if computing.check:
        from tasks.experiments.outcome import points_of_experiment

        points = points_of_experiment(chosen.params.resolve(), known, chosen.profile, chosen.overrides)
        check_only([point.config for point in points], chosen.project)
    refuse_hopeless(config, chosen.project)
    server = TemporaryServer()
    from flows.experiment import experiment

    ready_for_run(config)
    with server.ready():
        note_start(config)
        outcome = experiment(name=name, profile=chosen.profile, overrides=chosen.overrides, params=str(chosen.params), variants=variant)
    show(outcome)
    computing.end(outcome.sweep.timings, outcome.sweep.missing)


def show(outcome: ExperimentOutcome) -> None:
    """Print ours, then the paper's numbers in a table of their own, and where everything is."""
    from eagle_core.experiments.results_text import STAND_IN, as_table

    console = wide_console()
    console.print(outcome.experiment.question, style="bold")
    for name, table in outcome.tables.items():
        console.print(_as_rich(_narrowed(table.head(LONGEST)), f"ours: {name.replace('_', ' ')}"))
        if len(table) > LONGEST:
            console.print(f"{counted(len(table) - LONGEST, 'more row')}: {outcome.sweep.identity.folder}/{name}.csv", highlight=False)
    console.print(STAND_IN, highlight=False)
    if outcome.published is not None:
        published = outcome.published
        console.print(_as_rich(as_table(published), f"{published.source}: {published.label}, percent"))
        for note in published.notes:
            console.print(note, highlight=False, markup=False)
    console.print(f"\ntables and figures: {outcome.sweep.identity.folder}", highlight=False)
    uri = outcome.sweep.results[0].point.config.tracking.tracking_uri
    console.print(f"compare variants: mlflow ui --backend-store-uri {uri}", highlight=False)
    print_missing(console, outcome.sweep.missing)


def _narrowed(table: pd.DataFrame) -> pd.DataFrame:
    """Fewer and shorter columns for a terminal; the CSV has them all. Question types take the place of yes/no metrics."""
    from eagle_core.data.question_types import TITLES
    from eagle_core.mmad.scoring import AVERAGE
    from eagle_core.mmad.summary import METRIC

    by_type = [METRIC + kind for kind in (*TITLES, AVERAGE) if METRIC + kind in table]
    if not by_type:
        return table.rename(columns=lambda name: str(name).removesuffix("_macro").replace("_", " "))
    first = [name for name in table if not str(name).endswith("_macro") and not str(name).startswith(METRIC)]
    titles = {METRIC + kind: title for kind, title in TITLES.items()} | {METRIC + AVERAGE: AVERAGE}
    return table[[*first, *by_type]].rename(columns=titles)


def _as_rich(table: pd.DataFrame, title: str) -> Table:
    from eagle_core.experiments.results_text import shown

    rich = Table(*plain(*table.columns), title=title, title_justify="left")
    for row in table.itertuples(index=False):
        rich.add_row(*plain(*map(shown, row)))
    return rich
