"""A small sweep: the numbers of separate runs, what is shared, a kill in the middle, and the deployment."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from eagle_core.evaluation.localisation_rows import METRICS as PIXEL_METRICS

ALPHAS, KAPPAS = (0.0, 0.6), (1.0, 3.0)
SWEEP = ("sweep", "--set", "caas.alpha=0:0.6:0.6", "--set", "threshold.kappa=1:3:2")
SUBJECT = ["dataset", "mllm", "method", "scope", "metric"]


@pytest.fixture(scope="module")
def swept(new_project: Callable):  # type: ignore[no-untyped-def,type-arg]
    """A project after one uninterrupted sweep, and what the command printed."""
    project = new_project()
    return project, project.eagle(*SWEEP).stdout


def points(project) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    [file] = (project.root / "runs/sweep").glob("*/points.parquet")
    return pd.read_parquet(file)


def test_every_point_equals_a_run_of_its_own(swept: tuple) -> None:  # type: ignore[type-arg]
    project, _ = swept
    found = points(project)
    assert len(found.groupby(["caas.alpha", "threshold.kappa"])) == len(ALPHAS) * len(KAPPAS)
    for alpha, kappa in ((0.6, 1.0), (0.0, 3.0)):
        values = ("--set", f"caas.alpha={alpha}", "--set", f"threshold.kappa={kappa}")
        alone = project.eagle("run", *values, "--set", "explanation.when=never", "--set", "run.cache_dir=.eagle/apart")
        [folder] = [line.split(": ")[1] for line in alone.stdout.splitlines() if line.startswith("records, summary")]
        described = json.loads((Path(folder) / "summary.json").read_text())
        summary = pd.DataFrame(described["summary"])
        verdicts = summary[~summary["metric"].str.removesuffix("_macro").isin(PIXEL_METRICS)]  # not measured at points
        expected = verdicts.set_index(SUBJECT)["value"].sort_index().astype("float64")
        mine = found[(found["caas.alpha"] == alpha) & (found["threshold.kappa"] == kappa)]
        pd.testing.assert_series_equal(
            mine.set_index(SUBJECT)["value"].sort_index().astype("float64"),
            expected,
            rtol=0,
            atol=1e-9,
            check_index_type=False,
        )


def test_points_are_children_of_one_run(swept: tuple) -> None:  # type: ignore[type-arg]
    runs = [r for r in swept[0].runs() if "caas.alpha=" in r.info.run_name or r.info.run_name.startswith("sweep ")]
    [parent] = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    pairs = {(float(r.data.params["caas.alpha"]), float(r.data.params["threshold.kappa"])) for r in children}
    assert pairs == {(a, k) for a in ALPHAS for k in KAPPAS}
    assert parent.data.params["sweep.caas.alpha"] == "0.0 0.6"
    assert all("small/embedded/eagle/balanced_accuracy_macro" in r.data.metrics for r in children)
    assert {r.info.status for r in runs} == {"FINISHED"}


def test_the_command_ends_with_a_table(swept: tuple) -> None:  # type: ignore[type-arg]
    project, output = swept
    assert "caas.alpha=0.6 threshold.kappa=1" in output
    assert "4 points" in output
    [table] = (project.root / "runs/sweep").glob("*/points.csv")
    assert len(pd.read_csv(table)) == 4 * 4


def test_killed_and_started_again(swept: tuple, new_project: Callable) -> None:  # type: ignore[type-arg]
    project = new_project()
    sweep = project.start(*SWEEP)
    deadline = time.monotonic() + 900
    while len(project.entries("records")) < 7 and sweep.running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sweep.running(), "the sweep ended before it could be killed"
    sweep.kill()
    before = project.entries("records")

    project.eagle(*SWEEP)
    assert before < project.entries("records")
    pd.testing.assert_frame_equal(points(project), points(swept[0]), rtol=0, atol=1e-9)
    names = [r.info.run_name for r in project.runs()]
    assert len(names) == len(set(names)) == 1 + 4


def test_a_grid_without_a_range_is_refused(swept: tuple) -> None:  # type: ignore[type-arg]
    done = swept[0].eagle("sweep", "--set", "caas.alpha=0.5", check=False)
    assert done.returncode == 2
    assert "nothing varies" in done.stderr
