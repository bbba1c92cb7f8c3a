"""``eagle run`` on a few tiny images, on its own temporary server: MLflow, timings, and what a second call finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient

from tests.tiny.dataset import CATEGORIES, write_dataset

PROJECT = Path(__file__).parents[3]
METHODS = ("expert", "mllm")
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
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    write_dataset(root / "data")
    params = {
        "datasets": {"tiny": {"format": "mvtec", "root": "data"}},
        "methods": list(METHODS),
        "mllms": {"embedded": {"model": "embedded", "beyond_the_demo": True}},
        "expert": {"preprocessing": {"resize": 64}, "coreset": {"ratio": 0.2, "projection_dim": 16}, "min_unsampled_patches": 4},
        "threshold": {"bootstrap_samples": 10},
        "evaluation": {"bootstrap_samples": 10},
        "explanation": {"when": "never"},
        "report": {"images": 1, "attention": 0},
        "profiles": {"demo": {}, "partial": {"datasets": {"gone": {"root": "gone"}}, "methods": ["expert"]}, "thresholds": {}},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    return root


def eagle(project: Path, *arguments: str, code: int = 0, program: tuple[str, ...] = ("-m", "flows.cli.main")) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PREFECT_API_URL"}
    environment |= {"PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(project / ".prefect"), "COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *program, *arguments], cwd=project, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.server
@pytest.mark.timeout(1800)
def test_a_run_its_timings_and_a_second_one(project: Path) -> None:
    before = eagle(project, "run", "--check").stdout
    assert "3 experts to fit; up to 9 questions for embedded" in before
    assert "not known: nothing of it was done here before" in before
    assert not (project / "mlflow.db").exists()

    first = eagle(project, "run", "--timings")
    assert "work: 3 experts to fit; up to 9 questions for embedded" in first.stderr
    assert "time: not known" in first.stderr
    client = MlflowClient(f"sqlite:///{project}/mlflow.db")
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
    [summary] = (project / "runs").glob("*/summary.json")
    told = {(t["event"], t["name"]): t for t in json.loads(summary.read_text())["timings"]}
    assert told["stage", "expert"]["count"] == len(CATEGORIES)
    assert told["questions asked", "embedded"]["count"] == 9
    assert told["mllm loaded", "embedded"]["count"] == 1
    assert {name for event, name in told if event == "stage"} >= {"data", "work ahead", "metrics", "MLflow", "report page"}
    lines = {parts[1]: float(parts[-1]) for line in first.stdout.splitlines() if len(parts := [p.strip() for p in line.split("│")[:-1]]) == 5}
    assert "where the seconds went" in first.stdout
    spent = sum(t["seconds"] for (event, _), t in told.items() if event in ("start", "stage"))
    assert 0 < lines["rest"] < lines["whole run"] and spent < lines["whole run"]

    again = eagle(project, "run", "--timings", program=("-c", SCRIPT))
    assert "stages: 0 computed" in again.stdout
    assert json.loads(again.stdout.splitlines()[-1]) == []
    assert "work: everything is in the store" in again.stderr
    after = client.get_run(parent.info.run_id)
    assert after.data.metrics == parent.data.metrics, "logged twice, nothing changes"
    assert len(client.get_metric_history(parent.info.run_id, "progress")) == len(shares)
    assert "everything is in the store" in eagle(project, "run", "--check").stdout


@pytest.mark.server
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("command", [("sweep", "--set", "threshold.kappa=2,3"), pytest.param(("experiment", "run", "thresholds"), marks=pytest.mark.slow)])
def test_a_partial_table_is_exit_code_3_and_its_last_line(project: Path, command: tuple[str, ...]) -> None:
    """One of two datasets is not there; a training image of the other cannot be read."""
    broken = project / "data/nut/train/good/007.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:100])
    try:
        done = eagle(project, *command, "--profile", "partial", code=3)
        missing = [line for line in done.stdout.splitlines() if line.startswith("missing: ")]
        assert done.stdout.rstrip().splitlines()[-len(missing) :] == missing
        assert missing[0].startswith("missing: not run: gone, all methods: ") and "no such folder" in missing[0]
        # Eight images are too few for some of the experiment's rules, which is said of each.
        assert len(missing) == 2 or ("experiment" in command and all("not run: tiny/" in line for line in missing[2:]))
        assert missing[1].startswith("missing: tiny/nut: fitted without 1 training image") and "nut/train/good/007.png" in missing[1]
        eagle(project, *command, "--profile", "partial", "--allow-partial")
    finally:
        broken.write_bytes(whole)
