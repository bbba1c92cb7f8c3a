"""A run in MLflow while it goes on, stopped by each signal that stops one, through the command a user types."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

SECONDS = 900


def statuses(project) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Run name -> status; nothing while the tables are being made."""
    try:
        with sqlite3.connect(f"file:{project.root}/mlflow.db?mode=ro", uri=True) as database:
            return dict(database.execute("select name, status from runs").fetchall())
    except sqlite3.OperationalError:
        return {}


def parents(project) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {name: status for name, status in statuses(project).items() if name.startswith("benchmark")}


def parameters(project) -> int:  # type: ignore[no-untyped-def]
    """How many parameters of runs MLflow holds."""
    with sqlite3.connect(f"file:{project.root}/mlflow.db?mode=ro", uri=True) as database:
        return int(database.execute("select count(*) from params").fetchone()[0])


def stopped_by(project, number: int, *arguments: str) -> None:  # type: ignore[no-untyped-def]
    """Start a run and send it ``number`` as soon as MLflow shows it as running, with its parameters."""
    run = project.start("run", *arguments)
    deadline = time.monotonic() + SECONDS
    while "RUNNING" not in parents(project).values() or not parameters(project):
        assert run.running(), "the run ended before it was seen running"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(run.pid, number)
    assert run.ended().returncode != 0


def test_stopped_runs_are_told_and_the_next_closes_what_could_not_be(new_project) -> None:  # type: ignore[no-untyped-def]
    project = new_project()
    for number in (signal.SIGTERM, signal.SIGINT):
        stopped_by(project, number)
        [(name, status)] = parents(project).items()
        assert status == "KILLED", number
    stopped_by(project, signal.SIGKILL)
    assert parents(project) == {name: "RUNNING"}

    said = project.eagle("run", "--set", "threshold.kappa=2.0", "--timings")
    assert "left open by a process that is gone" in said.stderr
    assert parents(project).pop(name) == "KILLED"
    [other] = [run for run in project.runs() if run.info.run_name.startswith("benchmark") and run.info.run_name != name]
    assert other.info.status == "FINISHED"
    assert other.data.metrics["progress"] == 1.0
    assert "RUNNING" not in statuses(project).values()

    timed = {key.removeprefix("seconds/"): value for key, value in other.data.metrics.items() if key.startswith("seconds/")}
    assert {"stage/expert", "stage/answers", "mllm_loaded/embedded", "questions_asked/embedded", "stage/report page"} <= set(timed)
    assert all(seconds >= 0 for seconds in timed.values())
    assert "where the seconds went" in said.stdout
    assert "imports and Prefect's server" in said.stdout


def test_check_says_what_is_left_to_do_and_does_nothing(finished, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    before = statuses(finished)
    done = finished.eagle("run", "--check")
    assert "everything is in the store" in done.stdout
    other = finished.eagle("run", "--check", "--set", "expert.coreset.ratio=0.2")
    assert "2 experts to fit; up to" in other.stdout
    assert "questions for embedded" in other.stdout
    assert "as it went here before" in other.stdout
    gone = finished.eagle("run", "--check", "--set", "mllms={other: {model: ./no-such-model}}", check=False)
    assert gone.returncode == 1
    assert "there is no folder" in gone.stdout
    assert statuses(finished) == before


def test_an_absent_mllm_is_told_before_the_first_stage(new_project) -> None:  # type: ignore[no-untyped-def]
    project = new_project()
    arguments = ("run", "--set", "mllms={embedded: null, other: {model: ./no-such-model}}")
    refused = project.eagle(*arguments, "--set", "methods=[mllm]", check=False)
    assert refused.returncode == 2
    assert "nothing can be run: other" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (project.root / ".eagle").exists()


@pytest.fixture(autouse=True)
def _slow(request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.timeout(2400))
