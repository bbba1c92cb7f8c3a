"""``eagle run`` from nothing, again, and after the change of one parameter."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.mlflow_database import empty_database

METHODS = ("expert", "mllm", "eagle_no_caas", "eagle")
EXPENSIVE = ("expert", "predictions", "answer")


def identity(records: pd.DataFrame) -> pd.DataFrame:
    """Records without what differs between two runs of the same thing, in one order."""
    key = ["dataset", "category", "image_id", "method"]
    return records.drop(columns="run_id").sort_values(key).reset_index(drop=True)


def copy_of(project, tmp_path: Path):  # type: ignore[no-untyped-def]
    """The same project with the same store, free to be changed."""
    root = tmp_path / "copy"
    shutil.copytree(project.root, root, symlinks=True, ignore=shutil.ignore_patterns("runs", "mlflow.db", ".prefect"))
    empty_database(root)
    return type(project)(root)


@pytest.mark.quick
def test_a_run_leaves_records_pictures_and_mlflow_runs(finished) -> None:  # type: ignore[no-untyped-def]
    records = finished.records()
    assert set(records.method) == set(METHODS)
    per_method = records.groupby("method").size()
    assert per_method.nunique() == 1
    assert records.status.isin(["answered", "not_asked"]).all()

    runs = finished.runs()
    parents = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    assert len(parents) == 1
    children = [r for r in runs if r is not parents[0]]
    assert len(children) == records.groupby(["category", "method"]).ngroups
    assert {r.data.tags["mlflow.parentRunId"] for r in children} == {parents[0].info.run_id}
    for child in children:
        assert child.info.status == "FINISHED"
        assert {"caas.alpha", "threshold.kappa", "caas.gate"} <= set(child.data.params)
        assert {"tau", "s_max", "gate_open_count", "balanced_accuracy"} <= set(child.data.metrics)
        assert {"dvc.small", "git_commit", "version.torch"} <= set(child.data.tags)
    pixels = {"pixel_auroc", "aupro_fpr30", "pixel_iou", "pixel_tau", "false_pixel_rate", "false_pixel_rate_promised"}
    for expert in (c for c in children if c.data.params["method"] == "expert"):
        assert pixels <= set(expert.data.metrics)
        assert 0 <= expert.data.metrics["pixel_iou"] <= 1 and 0.5 < expert.data.metrics["pixel_auroc"] <= 1
    [eagle] = [c for c in children if c.data.params["method"] == "eagle"][:1]
    assert eagle.data.params["caas.layers"] == "3 4 5"  # 10 layers: round(9*10/28) … round(15*10/28)

    [folder] = [p for p in (finished.root / "runs").iterdir() if p.is_dir()]
    for category in records.category.unique():
        for picture in ("scores.png", "contact_sheet.png"):
            assert (folder / "figures" / "small" / category / picture).stat().st_size > 10_000


@pytest.mark.quick
def test_a_second_run_computes_nothing_and_logs_nothing_twice(finished) -> None:  # type: ignore[no-untyped-def]
    before = {stage: finished.entries(stage) for stage in EXPENSIVE}
    runs = {r.info.run_id for r in finished.runs()}
    again = finished.eagle("run")
    assert "stages: 0 computed" in again.stdout
    assert {stage: finished.entries(stage) for stage in EXPENSIVE} == before
    assert {r.info.run_id for r in finished.runs()} == runs


def test_another_kappa_refits_no_expert(finished, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    project = copy_of(finished, tmp_path)
    project.eagle("run", "--set", "threshold.kappa=1.0")
    for stage in ("expert", "predictions"):
        assert project.entries(stage) == finished.entries(stage)
    assert project.entries("threshold") > finished.entries("threshold")


def test_another_alpha_asks_only_where_the_gate_is_open(finished, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    project = copy_of(finished, tmp_path)
    wide = ("--set", "caas.gate=symmetric", "--set", "caas.gate_width=2.0")
    project.eagle("run", *wide)
    old = project.entries("answer")
    first = identity(project.records())
    shutil.rmtree(project.root / "runs")
    project.eagle("run", *wide, "--set", "caas.alpha=1.5")
    second = identity(project.records())

    eagle = second.method == "eagle"
    open_gates = eagle & second.gate_open.astype(bool)
    assert open_gates.sum() > 0
    assert len(project.entries("answer") - old) == open_gates.sum()
    changed = (first.p_defect - second.p_defect).abs() > 0
    assert (changed.fillna(value=False) == open_gates).all()


def measured(run) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """The run's metrics without the seconds that it took."""
    return {name: value for name, value in run.data.metrics.items() if not name.startswith("seconds/")}


def test_two_runs_from_scratch_are_identical(finished, new_project: Callable) -> None:  # type: ignore[no-untyped-def,type-arg]
    other = new_project()
    other.eagle("run")
    pd.testing.assert_frame_equal(identity(finished.records()), identity(other.records()), check_exact=True)
    for mine, theirs in zip(
        sorted(finished.runs(), key=lambda r: r.info.run_name),
        sorted(other.runs(), key=lambda r: r.info.run_name),
        strict=True,
    ):
        assert measured(mine) == measured(theirs)


def test_another_batch_size_gives_equal_results(finished, new_project: Callable) -> None:  # type: ignore[no-untyped-def,type-arg]
    other = new_project()
    other.eagle("run", "--set", "expert.batch_size=3", "--set", "mllms.embedded.batch_size=5")
    a, b = identity(finished.records()), identity(other.records())
    assert (a.verdict_defective == b.verdict_defective).all()
    assert (a.p_defect - b.p_defect).abs().max() < 1e-5
