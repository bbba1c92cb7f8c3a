"""A named experiment's points, and what it writes beside the table of all points.

In the run folder: ``results.md`` (ours, then the paper's numbers, never in one table), ``paper.csv``, a CSV for each
further table, PNGs in ``figures/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import task

from eagle_core.experiments.experiment import Experiment, Output
from eagle_core.experiments.published import PublishedTable, published_table
from eagle_core.experiments.results_text import as_markdown, as_table
from eagle_core.experiments.tables import question_types
from eagle_core.experiments.tables.answered import Answered
from eagle_core.experiments.tables.calibration import calibration
from eagle_core.experiments.tables.gate_effect import gate_effect
from eagle_core.experiments.tables.prior_following import prior_following
from eagle_core.experiments.tables.template_gain import template_gain
from eagle_core.experiments.tables.threshold_rates import threshold_rates
from eagle_core.mmad.summary import METRIC
from eagle_core.written_text import write_csv
from tasks.experiments import attention, cases, experts, figures, questions, tables
from tasks.experiments.tables import answered_groups
from tasks.graph.values import Point
from tasks.machinery.params import load_params
from tasks.sweeps.points import WITHOUT
from tasks.sweeps.results import SweepOutcome, log_parent

SHOWN = [
    "point", "dataset", "mllm", "method", "accuracy_macro", "balanced_accuracy_macro", "precision_macro", "recall_macro", "f1_macro",
    "false_alarm_rate_macro", "gate_open_count",
]
TABLES: Mapping[Output, Callable[[Sequence[Answered]], pd.DataFrame]] = {
    "threshold_rates": threshold_rates,
    "gate_effect": gate_effect,
    "prior_following": prior_following,
    "template_gain": template_gain,
    "calibration": calibration,
    "answer_counts": question_types.answer_counts,
    "accuracy_by_novelty": question_types.accuracy_by_novelty,
}
"""Tables that are made of records alone."""
OBSERVED: Mapping[Output, Callable[[SweepOutcome], pd.DataFrame]] = {
    "expert_ranking": experts.expert_ranking,
    "visual_mass": tables.visual_mass,
}
"""Tables for which experts are measured or the model is looked into."""
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
    found = {"results": sweep.table.reindex(columns=[*SHOWN, *asked])}
    if asked:
        found["random_chance"] = question_types.random_chance(sweep.table)
    groups = answered_groups(sweep) if set(experiment.outputs) & set(TABLES) else []
    found |= {name: TABLES[name](groups) for name in experiment.outputs if name in TABLES}
    found |= {name: OBSERVED[name](sweep) for name in experiment.outputs if name in OBSERVED}
    found |= {name: DRAWN_TABLES[name](sweep, folder / "figures") for name in experiment.outputs if name in DRAWN_TABLES}
    for name, table in found.items():
        write_csv(table, folder / f"{name}.csv")
    for name in experiment.outputs:
        if name in FIGURES:
            FIGURES[name](sweep, folder / "figures")
    published = published_table(experiment.name)
    if published is not None:
        write_csv(as_table(published), folder / "paper.csv")
    outcome = ExperimentOutcome(experiment, sweep, found, published, tuple(sorted((folder / "figures").rglob("*.png"))))
    (folder / "results.md").write_text(_as_text(outcome), encoding="utf-8")
    written = [*sorted(folder.glob("*.md")), *(folder / f"{name}.csv" for name in found), *outcome.figures]
    log_parent(sweep, project, [(path, str(path.parent.relative_to(folder)).strip(".")) for path in written])
    return outcome


def _as_text(outcome: ExperimentOutcome) -> str:
    identity = outcome.sweep.identity
    provenance = identity.provenance
    data = ", ".join(f"{name} {digest}" for name, digest in provenance.data_hashes.items())
    return as_markdown(
        outcome.experiment,
        outcome.tables,
        outcome.published,
        origin=f"Commit {provenance.git_commit}; data {data}.",
        missing=outcome.sweep.missing,
        figures=[str(figure.relative_to(identity.folder)) for figure in outcome.figures],
    )
