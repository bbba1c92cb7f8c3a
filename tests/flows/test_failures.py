"""A flow that fails by an error of ours, on a real Prefect server: one line in its log; a bug keeps its traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = """
import json, sys, time
from pathlib import Path
from flows.server import TemporaryServer
server = TemporaryServer()
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.logging.handlers import APILogHandler
from flows.eagle import eagle

@flow(name="broken")
def broken():
    raise RuntimeError("a bug")

with server.ready():
    logs = {}
    for name, run in (("eagle", lambda: eagle(profile="mvtec", params=sys.argv[1])), ("broken", broken)):
        try:
            run()
        except Exception as error:
            logs[name] = {"error": type(error).__name__}
    APILogHandler().flush()
    client = get_client(sync_client=True)
    by_id = {str(run.id): run for run in client.read_flow_runs()}
    for name in logs:
        flow_id = client.read_flow_by_name(name).id
        [mine] = [run for run in by_id.values() if run.flow_id == flow_id]
        said = [log.message for log in client.read_logs() if str(log.flow_run_id) == str(mine.id) and log.task_run_id is None]
        logs[name] |= {"state": mine.state.type.value, "message": mine.state.message, "log": said}
print(json.dumps(logs))
"""


@pytest.mark.server
def test_the_log_of_a_failed_flow_run(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(tmp_path / ".prefect")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "params.yaml")], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    ours, bug = told["eagle"], told["broken"]
    assert (ours["error"], ours["state"]) == ("DataError", "FAILED")
    assert not any("Traceback" in line for line in ours["log"]), ours["log"]
    [line] = [line for line in ours["log"] if line.startswith("nothing can be run")]
    assert len(line.splitlines()) == 1
    assert "mvtec_ad: no such folder" in line
    assert any("Traceback" in line for line in bug["log"])
