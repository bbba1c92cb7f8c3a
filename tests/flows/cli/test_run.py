"""``eagle run`` on a few tiny images: MLflow, timings, what a second call finds, and what a partial table ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.project import Project
from tests.tiny.dataset import CATEGORIES, METHODS, write_project

PROJECT = Path(__file__).parents[3]
SOME_VARIANTS = ("experiment", "run", "thresholds", "--variant", "kappa_sigma*", "--variant", "gev, target 0.05")
COMPUTING = {"torch", "torchvision", "timm", "transformers", "anomalib", "sklearn", "matplotlib", "plotly", "faiss"}
"""What a command that finds everything in the store does not import."""
SCRIPT = f"""
import json, sys
from flows.cli.main import main
try:
    main()
finally:
    print(json.dumps(sorted({COMPUTING!r} & set(sys.modules))))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    gone = {"datasets": {"gone": {"root": "gone"}}, "methods": ["expert"]}
    return Project(write_project(tmp_path_factory.mktemp("tiny"), partial=gone, thresholds={}))


@pytest.mark.server
@pytest.mark.timeout(1800)
def test_a_run_its_timings_and_a_second_one(project: Project) -> None:
    before = project.eagle("run", "--check").stdout
    assert "3 experts to fit; up to 9 questions for embedded" in before
    assert "not known: nothing of it was done here before" in before
    assert not (project.root / "mlflow.db").exists()

    first = project.eagle("run", "--timings")
    assert "work: 3 experts to fit; up to 9 questions for embedded" in first.stderr
    assert "time: not known" in first.stderr
    client = MlflowClient(f"sqlite:///{project.root}/mlflow.db")
    runs = {run.info.run_name: run for e in client.search_experiments() for run in client.search_runs([e.experiment_id])}
    [parent] = [run for name, run in runs.items() if name.startswith("benchmark")]
    assert len(runs) == 1 + len(CATEGORIES) * len(METHODS)
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    shares = [metric.value for metric in sorted(client.get_metric_history(parent.info.run_id, "progress"), key=lambda m: m.step)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > len(CATEGORIES)
    timed = {key for key in parent.data.metrics if key.startswith("seconds/")}
    assert {"seconds/start/imports and Prefect_u27_s server", "seconds/stage/expert", "seconds/questions_asked/embedded"} <= timed
    [summary] = (project.root / "runs").glob("*/summary.json")
    told = {(t["event"], t["name"]): t for t in json.loads(summary.read_text())["timings"]}
    assert told["stage", "expert"]["count"] == len(CATEGORIES)
    assert told["questions asked", "embedded"]["count"] == 9
    assert told["mllm loaded", "embedded"]["count"] == 1
    assert {name for event, name in told if event == "stage"} >= {"data", "work ahead", "metrics", "MLflow", "report page"}
    lines = {parts[1]: float(parts[-1]) for line in first.stdout.splitlines() if len(parts := [p.strip() for p in line.split("│")[:-1]]) == 5}
    assert "where the seconds went" in first.stdout
    spent = sum(t["seconds"] for (event, _), t in told.items() if event in ("start", "stage"))
    assert 0 < lines["rest"] < lines["whole run"] and spent < lines["whole run"]

    # Not a fork, which has everything already.
    again = subprocess.run(
        [sys.executable, "-c", SCRIPT, "run", "--timings"], cwd=project.root, env=project.environment() | {"PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, timeout=900, check=True,
    )  # fmt: skip
    assert "stages: 0 computed" in again.stdout
    assert json.loads(again.stdout.splitlines()[-1]) == []
    assert "work: everything is in the store" in again.stderr
    after = client.get_run(parent.info.run_id)
    assert after.data.metrics == parent.data.metrics, "logged twice, nothing changes"
    assert len(client.get_metric_history(parent.info.run_id, "progress")) == len(shares)
    assert "everything is in the store" in project.eagle("run", "--check").stdout


@pytest.mark.server
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("command", [("sweep", "--set", "threshold.kappa=2,3"), pytest.param(SOME_VARIANTS, marks=pytest.mark.slow)])
def test_a_partial_table_is_exit_code_3_and_its_last_line(project: Project, command: tuple[str, ...]) -> None:
    """One of two datasets is not there; a training image of the other cannot be read."""
    broken = project.root / "data/nut/train/good/007.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:100])
    try:
        done = project.eagle(*command, "--profile", "partial", check=False)
        assert done.returncode == 3, done.stdout + done.stderr
        missing = [line for line in done.stdout.splitlines() if line.startswith("missing: ")]
        assert done.stdout.rstrip().splitlines()[-len(missing) :] == missing
        assert missing[0].startswith("missing: not run: gone, all methods: ") and "no such folder" in missing[0]
        # Eight images are too few for some of the experiment's rules, which is said of each.
        assert len(missing) == 2 or ("experiment" in command and all("not run: tiny/" in line for line in missing[2:]))
        assert missing[1].startswith("missing: tiny/nut: fitted without 1 training image") and "nut/train/good/007.png" in missing[1]
        project.eagle(*command, "--profile", "partial", "--allow-partial")
        if "experiment" in command:
            tables = [pd.read_csv(file) for file in (project.root / "runs/thresholds").glob("*/results.csv")]
            assert tables and all(set(table["point"]) <= {"kappa_sigma, kappa 2", "kappa_sigma, kappa 3", "gev, target 0.05"} for table in tables)
            assert all({"kappa_sigma, kappa 2", "kappa_sigma, kappa 3"} <= set(table["point"]) for table in tables)
    finally:
        broken.write_bytes(whole)
