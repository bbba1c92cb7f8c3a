"""The demo with the default profile: what the main job promises on a fresh machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

PROJECT = Path(__file__).parents[2]
KEY = ["category", "image_id"]


@pytest.fixture(scope="module")
def demo(demo_root: Path, new_project, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A project with the shipped params.yaml and the demo data, after ``eagle run``."""
    root = tmp_path_factory.mktemp("demo")
    shutil.copyfile(PROJECT / "params.yaml", root / "params.yaml")
    (root / "data").mkdir()
    (root / "data" / "demo").symlink_to(demo_root, target_is_directory=True)
    project = type(new_project())(root)
    done = project.eagle("run")
    return project, done.stdout


def test_the_table_shows_four_methods_on_six_categories(demo) -> None:  # type: ignore[no-untyped-def]
    project, output = demo
    records = project.records()
    assert records.category.nunique() == 6
    assert set(records.method) == {"expert", "mllm", "eagle_no_caas", "eagle"}
    for words in ("expert", "alone", "1-shot+", "without CAAS", "mlflow ui"):
        assert words in output


def test_the_gate_is_open_often_enough_and_caas_changes_exactly_those(demo) -> None:  # type: ignore[no-untyped-def]
    """Default profile: kappa = 3, paper gate, alpha = 0.6."""
    records = demo[0].records()
    without = records[records.method == "eagle_no_caas"].set_index(KEY).sort_index()
    guided = records[records.method == "eagle"].set_index(KEY).sort_index()
    gate = guided.gate_open.astype(bool)
    inside = (guided.expert_score >= guided.tau) & (guided.expert_score <= guided.s_max)
    pd.testing.assert_series_equal(gate, inside, check_names=False)
    assert gate.sum() >= 10
    assert gate.groupby("category").any().sum() >= 2
    pd.testing.assert_series_equal(guided.p_defect != without.p_defect, gate, check_names=False)
    assert (guided.alpha[gate] == 0.6).all()
    assert (guided.alpha[~gate] == 0.0).all()


def test_the_expert_errs_sometimes_but_is_good(demo) -> None:  # type: ignore[no-untyped-def]
    metrics = {r.info.run_name: r.data.metrics for r in demo[0].runs()}
    [parent] = [m for name, m in metrics.items() if name.startswith("benchmark")]
    assert 0.85 <= parent["demo/none/expert/auroc_expert_score_macro"] <= 0.99


def test_mlflow_has_the_pictures_of_every_category(demo) -> None:  # type: ignore[no-untyped-def]
    project = demo[0]
    client = MlflowClient(f"sqlite:///{project.root}/mlflow.db")
    [parent] = [run.info.run_id for run in project.runs() if run.info.run_name.startswith("benchmark")]
    [folder] = (project.root / "runs").glob("*/figures")
    drawn = {file.relative_to(folder.parent).as_posix() for file in folder.rglob("*.png")}
    categories = client.list_artifacts(parent, "figures/demo")
    assert len(categories) == 6
    assert {file.path for category in categories for file in client.list_artifacts(parent, category.path)} == drawn
