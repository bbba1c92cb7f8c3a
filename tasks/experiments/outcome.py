"""A named experiment's points, and what it writes beside the table of all points.

In the run folder: ``results.md`` (ours, then the paper's numbers, never in one table), ``paper.csv``, a CSV for each
further table, PNGs in ``figures/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import task

from eagle_core.experiments.experiment import Experiment, Output
from eagle_core.experiments.published import PublishedTable, published_table
from eagle_core.mmad.summary import METRIC
from eagle_core.written_text import write_csv
from tasks.experiments import attention, cases, experts, figures, questions, tables
from tasks.graph.values import Point
from tasks.machinery.params import load_params
from tasks.sweeps.points import WITHOUT
from tasks.sweeps.results import SweepOutcome, log_parent

SHOWN = [
    "point", "dataset", "mllm", "method", "accuracy_macro", "balanced_accuracy_macro", "precision_macro", "recall_macro", "f1_macro",
    "false_alarm_rate_macro", "gate_open_count",
]
STAND_IN = (
    "Numbers of the embedded MLLM are a stand-in's: they show that the machinery works, nothing about the paper's accuracy."
)
TABLES: Mapping[Output, Callable[[SweepOutcome], pd.DataFrame]] = {
    "expert_ranking": experts.expert_ranking,
    "threshold_rates": tables.threshold_rates,
    "gate_effect": tables.gate_effect,
    "visual_mass": tables.visual_mass,
    "prior_following": tables.prior_following,
    "answer_counts": questions.answer_counts,
    "accuracy_by_novelty": questions.accuracy_by_novelty,
}
FIGURES: Mapping[Output, Callable[[SweepOutcome, Path], None]] = {
    "alpha_curve": figures.alpha_curve,
    "coreset_shares": figures.coreset_shares,
    "score_plots": figures.score_plots,
    "contact_sheets": figures.contact_sheets,
    "attention_sheets": attention.attention_sheets,
}
DRAWN_TABLES: Mapping[Output, Callable[[SweepOutcome, Path], pd.DataFrame]] = {
    "attention_ratios": attention.attention_ratios,
    "option_dynamics": attention.option_dynamics,
    "question_counts": questions.question_counts,
    "cases": cases.cases,
}
"""Tables that come with figures."""


@dataclass(frozen=True, slots=True)
class ExperimentOutcome:
    """What an experiment ends with."""

    experiment: Experiment
    sweep: SweepOutcome
    tables: dict[str, pd.DataFrame]
    """Ours, by name; ``results`` first."""
    published: PublishedTable | None
    figures: tuple[Path, ...]


def points_of_experiment(
    path: Path, experiment: Experiment, profile: str, overrides: Mapping[str, Any]
) -> tuple[Point, ...]:
    """Every variant's configuration: data profile, the experiment's own, ``overrides``, then the variant's values."""
    layered = f"{profile}+{experiment.name}"
    return tuple(
        Point(v.label, dict(v.values), load_params(path, layered, {**WITHOUT, **overrides, **v.values}))
        for v in experiment.variants
    )


@task(name="experiment results", persist_result=False)
def write_experiment(experiment: Experiment, sweep: SweepOutcome, project: Path) -> ExperimentOutcome:
    """Write tables and figures into the sweep's folder and log them to its MLflow run."""
    folder = sweep.identity.folder
    asked = [name for name in sweep.table.columns if str(name).startswith(METRIC)]
    tables = {"results": sweep.table.reindex(columns=[*SHOWN, *asked])}
    if asked:
        tables["random_chance"] = questions.random_chance(sweep)
    tables |= {name: TABLES[name](sweep) for name in experiment.outputs if name in TABLES}
    tables |= {name: DRAWN_TABLES[name](sweep, folder / "figures") for name in experiment.outputs if name in DRAWN_TABLES}
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
    for name in experiment.outputs:
        if name in FIGURES:
            FIGURES[name](sweep, folder / "figures")
    published = published_table(experiment.name)
    if published is not None:
        write_csv(as_table(published), folder / "paper.csv")
    outcome = ExperimentOutcome(experiment, sweep, tables, published, tuple(sorted((folder / "figures").rglob("*.png"))))
    (folder / "results.md").write_text(as_markdown(outcome), encoding="utf-8")
    written = [*sorted(folder.glob("*.md")), *(folder / f"{name}.csv" for name in tables), *outcome.figures]
    log_parent(sweep, project, [(path, str(path.parent.relative_to(folder)).strip(".")) for path in written])
    return outcome


def as_table(published: PublishedTable) -> pd.DataFrame:
    """One row for each setting and dataset, in percent, as printed."""
    rows = [[setting, dataset, *values] for setting, dataset, values in published.rows]
    return pd.DataFrame(rows, columns=["setting", "dataset", *published.metrics])


def as_markdown(outcome: ExperimentOutcome) -> str:
    """The whole outcome as text."""
    provenance = outcome.sweep.identity.provenance
    lines = [f"# {outcome.experiment.name}", "", outcome.experiment.question, "", STAND_IN, ""]
    lines += [f"Commit {provenance.git_commit}; data {', '.join(f'{k} {v}' for k, v in provenance.data_hashes.items())}.", ""]
    for name, table in outcome.tables.items():
        lines += [f"## Ours: {name.replace('_', ' ')}", "", *_markdown(table), ""]
    lines += [f"- not run: {line}" for line in outcome.sweep.absences]
    lines += [f"![{figure.stem}]({figure.relative_to(outcome.sweep.identity.folder)})" for figure in outcome.figures]
    if outcome.published is not None:
        published = outcome.published
        lines += ["", f"## {published.source} ({published.label}, percent)", "", *_markdown(as_table(published)), ""]
        lines += [f"- {note}" for note in published.notes]
    return "\n".join(lines) + "\n"


def _markdown(table: pd.DataFrame) -> list[str]:
    rows = [[shown(value) for value in row] for row in table.itertuples(index=False)]
    return ["| " + " | ".join(cells) + " |" for cells in ([*map(str, table.columns)], ["---"] * len(table.columns), *rows)]


def shown(value: Any) -> str:
    """A table cell: three decimals, a dash where there is no value."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) and not value.is_integer() else f"{value:g}" if isinstance(value, float) else str(value)
