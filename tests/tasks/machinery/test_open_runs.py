"""Open MLflow runs on a real SQLite file with real processes: first runs at once, killed ones, ones that live on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from eagle_core.config import TrackingConfig
from tasks.machinery.tracking import HOST_TAG, STARTED_TAG, RunContent, Tracker

PROJECT = Path(__file__).parents[3]
PROCESSES = 3
SCRIPT = """
import sys, time
from pathlib import Path
from eagle_core.config import TrackingConfig
from tasks.machinery.tracking import RunContent, Tracker
folder, identity, start = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
def content(name):
    return RunContent(name, name, {"caas.alpha": 0.6}, {"tau": 1.5}, {"git_commit": "abc"})
print("there", flush=True)
while not start.exists():
    time.sleep(0.01)
tracker = Tracker(TrackingConfig(tracking_uri=f"sqlite:///{folder}/mlflow.db"), folder)
parent = tracker.open(content(identity))
tracker.advance(parent, 0.5)
print(parent, flush=True)
if "stay" in sys.argv:
    time.sleep(600)
tracker.log(content(identity + "/child"), parent=parent)
tracker.log(content("shared/child"), parent=parent)
tracker.advance(parent, 1.0)
tracker.close(parent, "FINISHED")
"""


def started(folder: Path, identity: str, *more: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), identity, str(folder / "go"), *more],
        env=os.environ | {"PYTHONPATH": str(PROJECT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


def client_of(folder: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{folder}/mlflow.db")


def tracker_of(folder: Path) -> Tracker:
    return Tracker(TrackingConfig(tracking_uri=f"sqlite:///{folder}/mlflow.db"), folder)


def content(identity: str) -> RunContent:
    return RunContent(identity, identity, {"caas.alpha": 0.6}, {}, {})


@pytest.mark.slow
def test_first_runs_at_once_on_no_database(tmp_path: Path) -> None:
    processes = [started(tmp_path, f"r{i}") for i in range(PROCESSES)]
    (tmp_path / "go").touch()
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    client = client_of(tmp_path)
    [experiment] = [e for e in client.search_experiments() if e.name != "Default"]
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert sorted(runs) == sorted([f"r{i}{end}" for i in range(PROCESSES) for end in ("", "/child")] + ["shared/child"])
    assert len(client.search_runs([experiment.experiment_id])) == 2 * PROCESSES + 1
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert {run.data.metrics["progress"] for name, run in runs.items() if "/" not in name} == {1.0}


@pytest.mark.slow
def test_what_a_killed_process_left_open_is_closed_and_nothing_else(tmp_path: Path) -> None:
    killed, alive = started(tmp_path, "killed", "stay"), started(tmp_path, "alive", "stay")
    (tmp_path / "go").touch()
    try:
        ids = [process.stdout.readline().strip() for process in (killed, alive) if process.stdout is not None]
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        client, tracker = client_of(tmp_path), tracker_of(tmp_path)
        mine, elsewhere, renumbered = (tracker.open(content(name)) for name in ("mine", "elsewhere", "renumbered"))
        client.set_tag(elsewhere, HOST_TAG, "another machine")
        # A process of this number lives, but it is not the one that opened the run.
        client.set_tag(renumbered, STARTED_TAG, "1000.0")
        assert set(tracker.close_orphans()) == {ids[0], renumbered}
        status = {run: client.get_run(run).info.status for run in (*ids, mine, elsewhere, renumbered)}
        assert status == {ids[0]: "KILLED", ids[1]: "RUNNING", mine: "RUNNING", elsewhere: "RUNNING", renumbered: "KILLED"}
        assert client.get_run(ids[0]).data.metrics["progress"] == 0.5
    finally:
        for process in (killed, alive):
            process.kill()
            process.communicate()


def test_opened_again_it_is_the_same_run_and_progress_stands_once(tmp_path: Path) -> None:
    tracker = tracker_of(tmp_path)
    first = tracker.open(content("r"))
    for share in (0.25, 0.25, 1.0):
        tracker.advance(first, share)
    tracker.close(first, "KILLED")
    again = tracker_of(tmp_path)
    assert again.open(content("r")) == first
    assert client_of(tmp_path).get_run(first).info.status == "RUNNING"
    for share in (0.25, 1.0):
        again.advance(first, share)
    again.close(first, "FINISHED")
    assert [(m.step, m.value) for m in client_of(tmp_path).get_metric_history(first, "progress")] == [(25, 0.25), (100, 1.0)]


@pytest.fixture(autouse=True)
def _slow(request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.timeout(600))
