"""A real Prefect server, work pool and worker on loopback run ``eagle/full-benchmark`` and ``sweep/ablation``."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pandas as pd
import pytest

PROJECT = Path(__file__).parents[2]
POOLS = ("eagle", "eagle-experts", "eagle-ask")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(new_project: Callable, tmp_path: Path) -> Iterator[tuple]:  # type: ignore[type-arg]
    """A project with the flows, and the environment of a running server."""
    project = new_project()
    shutil.copyfile(PROJECT / "prefect.yaml", project.root / "prefect.yaml")
    shutil.copytree(PROJECT / "flows", project.root / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    port = free_port()
    environment = project.environment() | {
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PYTHONPATH": str(PROJECT),
    }
    prefect = [sys.executable, "-m", "prefect"]
    log = (tmp_path / "server.log").open("wb")
    processes = [
        subprocess.Popen([*prefect, "server", "start", "--port", str(port)], cwd=tmp_path, env=environment, stdout=log, stderr=log)
    ]
    try:
        deadline = time.monotonic() + 600
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                    break
            except (URLError, OSError):
                assert time.monotonic() < deadline, (tmp_path / "server.log").read_text()
                time.sleep(0.5)
        yield project, environment, prefect, processes, log
    finally:
        for process in reversed(processes):
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.close()


def test_deployments_run_on_a_worker(served: tuple) -> None:  # type: ignore[type-arg]
    project, environment, prefect, processes, log = served

    def call(*arguments: str) -> str:
        done = subprocess.run([*prefect, *arguments], cwd=project.root, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for pool in POOLS:
        call("work-pool", "create", pool, "--type", "process")
    call("--no-prompt", "deploy", "--all")
    processes.append(
        subprocess.Popen([*prefect, "worker", "start", "--pool", "eagle"], cwd=os.sep, env=environment, stdout=log, stderr=log)
    )
    output = call("deployment", "run", "eagle/full-benchmark", "-p", "profile=demo", "--watch", "--watch-interval", "2")
    assert "Completed" in output or "finished successfully" in output.lower(), output

    runs = project.runs()
    parents = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    assert len(parents) == 1
    assert len(runs) > len(parents)
    assert {r.info.status for r in runs} == {"FINISHED"}

    grid = 'grid={"caas.alpha": "0,0.6", "threshold.kappa": "1:3:2"}'
    output = call("deployment", "run", "sweep/ablation", "-p", grid, "--watch", "--watch-interval", "2")
    assert "Completed" in output or "finished successfully" in output.lower(), output
    points = [r for r in project.runs() if r.info.run_name.startswith("caas.alpha=")]
    assert len(points) == 4
    assert {r.info.status for r in points} == {"FINISHED"}


@pytest.mark.server
@pytest.mark.timeout(2400)
def test_parts_run_on_workers_of_their_own_and_no_run_waits_for_its_own_slot(served: tuple, finished) -> None:  # type: ignore[no-untyped-def,type-arg]
    """Every pool runs one flow at a time: a parent that held its child's slot would wait for ever."""
    project, environment, prefect, processes, log = served

    def call(*arguments: str) -> str:
        done = subprocess.run([*prefect, *arguments], cwd=project.root, env=environment, capture_output=True, text=True, timeout=1800)
        return done.stdout + done.stderr

    for pool in POOLS:
        call("work-pool", "create", pool, "--type", "process")
        call("work-pool", "set-concurrency-limit", pool, "1")
    call("--no-prompt", "deploy", "--all")
    for pool in POOLS:
        started = [*prefect, "worker", "start", "--pool", pool]
        processes.append(subprocess.Popen(started, cwd=os.sep, env=environment, stdout=log, stderr=log))
    watched = ("--watch", "--watch-interval", "2")
    output = call("deployment", "run", "eagle/full-benchmark", "-p", 'overrides={"run.engine.kind": "deployments"}', *watched)
    assert "Completed" in output or "finished successfully" in output.lower(), output
    key = ["dataset", "category", "image_id", "method"]
    expected, found = (p.records().sort_values(key).drop(columns="run_id").reset_index(drop=True) for p in (finished, project))
    pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-5)
    assert len(project.entries("handover")) == 4  # wanted and made, twice

    # sweep/ablation is served by the pool whose only slot the run itself holds.
    own = 'overrides={"run.engine.kind": "deployments", "run.engine.experts": "sweep/ablation"}'
    output = call("deployment", "run", "eagle/full-benchmark", "-p", own, *watched)
    assert "failed" in output.lower(), output
    reason = "whose slot this run holds while it waits"
    assert any(reason in message for message in state_messages(environment["PREFECT_API_URL"]))


def state_messages(api: str) -> list[str]:
    """What Prefect's page says of how each flow run ended."""
    asked = Request(f"{api}/flow_runs/filter", data=b"{}", headers={"Content-Type": "application/json"}, method="POST")
    with urlopen(asked, timeout=60) as answer:
        return [run["state"]["message"] or "" for run in json.load(answer) if run["state"] is not None]
