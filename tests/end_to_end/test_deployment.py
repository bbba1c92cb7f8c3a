"""Work pools, workers and deployments on a real Prefect server run ``eagle/full-benchmark`` and ``sweep/ablation``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pandas as pd
import pytest

from tests.prefect_server import used

PROJECT = Path(__file__).parents[2]
POOLS = ("eagle", "eagle-experts", "eagle-ask")
PREFECT = (sys.executable, "-m", "prefect")
PATIENCE_S = 600
BY_PARTS = {"run.engine.kind": "deployments"}

pytestmark = [pytest.mark.server, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def project(new_project: Callable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:  # type: ignore[type-arg]
    """A project whose flows are deployed, with a worker for each work pool; a pool runs one flow at a time."""
    project = new_project()
    shutil.copyfile(PROJECT / "prefect.yaml", project.root / "prefect.yaml")
    shutil.copytree(PROJECT / "flows", project.root / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    log = tmp_path_factory.mktemp("workers") / "log"
    workers: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("wb") as out:
            for pool in POOLS:  # the first worker of a pool makes it
                started = [*PREFECT, "worker", "start", "--pool", pool, "--type", "process"]
                workers.append(subprocess.Popen(started, cwd=os.sep, env=environment(project), stdout=out, stderr=out, start_new_session=True))
        for pool in POOLS:
            limit(project, pool, log)
        prefect(project, "--no-prompt", "deploy", "--all")
        yield project
    finally:
        for worker in workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def environment(project: Any) -> dict[str, str]:
    return project.environment() | {  # type: ignore[no-any-return]
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PYTHONPATH": str(PROJECT),
    }


def prefect(project: Any, *arguments: str) -> str:
    """Prefect's command, as it is typed; what it prints."""
    done = subprocess.run([*PREFECT, *arguments], cwd=project.root, env=environment(project), capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def limit(project: Any, pool: str, log: Path) -> None:
    """As soon as there is such a pool."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            asked(project, f"work_pools/{pool}", {"concurrency_limit": 1}, "PATCH")
            return
        except HTTPError as error:
            assert error.code == HTTPStatus.NOT_FOUND and time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)


def asked(project: Any, path: str, content: dict[str, Any], method: str = "POST") -> Any:
    """What the server answers as soon as it is free to (SQLite has one writer; beside another it may answer 503)."""
    url, body = f"{project.environment()['PREFECT_API_URL']}/{path}", json.dumps(content).encode()
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urlopen(Request(url, data=body, headers={"Content-Type": "application/json"}, method=method), timeout=60) as answer:
                said = answer.read()
            return json.loads(said) if said else None
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() >= deadline:
                raise
            time.sleep(0.5)


def run(deployment: str, overrides: dict[str, str]) -> Any:
    """Run it to its end on its worker; Prefect's state."""
    from prefect.deployments import run_deployment

    with used():
        return run_deployment(deployment, parameters={"overrides": overrides}, poll_interval=1).state  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def run_by_parts(project: Any) -> Any:
    """The project after a run whose parts are runs of other deployments."""
    overrides = f"overrides={json.dumps(BY_PARTS)}"
    output = prefect(project, "deployment", "run", "eagle/full-benchmark", "-p", overrides, "--watch", "--watch-interval", "2")
    assert "Completed" in output or "finished successfully" in output.lower(), output
    return project


def test_parts_run_on_workers_of_their_own(run_by_parts: Any, finished: Any) -> None:
    """Every pool runs one flow at a time: a parent that held its child's slot would wait for ever."""
    key = ["dataset", "category", "image_id", "method"]
    expected, found = (p.records().sort_values(key).drop(columns="run_id").reset_index(drop=True) for p in (finished, run_by_parts))
    pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-5)
    assert len(run_by_parts.entries("handover")) == 4  # wanted and made, twice


def test_a_run_of_a_deployment_is_a_run_in_mlflow(run_by_parts: Any) -> None:
    runs = [r for r in run_by_parts.runs() if not r.info.run_name.startswith(("caas.alpha=", "sweep "))]
    parents = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    assert len(parents) == 1
    assert len(runs) > len(parents)
    assert {r.info.status for r in runs} == {"FINISHED"}


def test_a_sweep_of_a_deployment_finds_what_another_has_computed(run_by_parts: Any) -> None:
    before = run_by_parts.entries("expert")
    grid = 'grid={"caas.alpha": "0,0.6", "threshold.kappa": "1:3:2"}'
    output = prefect(run_by_parts, "deployment", "run", "sweep/ablation", "-p", grid, "--watch", "--watch-interval", "2")
    assert "Completed" in output or "finished successfully" in output.lower(), output
    points = [r for r in run_by_parts.runs() if r.info.run_name.startswith("caas.alpha=")]
    assert len(points) == 4
    assert {r.info.status for r in points} == {"FINISHED"}
    assert run_by_parts.entries("expert") == before


def test_no_run_waits_for_its_own_slot(project: Any) -> None:
    """sweep/ablation is served by the pool whose only slot the run itself holds."""
    state = run("eagle/full-benchmark", BY_PARTS | {"run.engine.experts": "sweep/ablation", "run.cache_dir": ".eagle/apart"})
    assert state.is_failed(), state
    reason = "whose slot this run holds while it waits"
    told = [found["state"]["message"] or "" for found in asked(project, "flow_runs/filter", {}) if found["state"] is not None]
    assert any(reason in message for message in told)
