"""How an open MLflow run ends: by an error, by Ctrl-C, or as its own code says. Real SQLite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from eagle_core.config import TrackingConfig
from eagle_core.errors import FitError
from flows.live import current, ended_by_errors, followed
from tasks.machinery.tracking import RunContent, Tracker
from tasks.report.live_run import LiveRun, open_run
from tests.conftest import PROJECT
from tests.mlflow_database import empty_database

STOPPED = """
import json, signal, sys
from pathlib import Path

from eagle_core.config import TrackingConfig
from flows.live import current, followed
from tasks.machinery.tracking import RunContent, Tracker
from tasks.report.live_run import LiveRun, open_run

tracker = Tracker(TrackingConfig(tracking_uri=sys.argv[1]), Path(sys.argv[2]))
made = []

def stop(number, frame):
    raise KeyboardInterrupt  # as Prefect's handler raises; before the run could be ended, nothing would end it

for number in (signal.SIGTERM, signal.SIGINT):
    def opened():
        signal.raise_signal(number)
        made.append(open_run(tracker, RunContent(str(number), "r", {}, {}, {})))
        return LiveRun(tracker, made[-1])

    signal.signal(number, stop)
    try:
        with followed(opened):
            sys.exit("something was done after the signal")
    except KeyboardInterrupt:
        assert signal.getsignal(number) is stop
    assert current() is None
print(json.dumps(made))
"""


@pytest.mark.parametrize(("error", "status"), [(FitError("no"), "FAILED"), (ValueError("bug"), "FAILED"), (KeyboardInterrupt(), "KILLED")])
def test_an_error_ends_the_run_before_it_gets_out(tmp_path: Path, error: BaseException, status: str) -> None:
    uri = empty_database(tmp_path)
    tracker = Tracker(TrackingConfig(tracking_uri=uri), tmp_path)
    run = open_run(tracker, RunContent("r", "r", {}, {}, {}))
    seen = []
    with pytest.raises(type(error)), followed(lambda: LiveRun(tracker, run)) as live:
        live.advance(0.4)
        try:
            with ended_by_errors():
                raise error
        finally:
            seen.append(MlflowClient(uri).get_run(run).info.status)
    assert seen == [status], "told inside, where a task runner would still wait for its tasks"
    found = MlflowClient(uri).get_run(run)
    assert (found.info.status, found.data.metrics) == (status, {"progress": 0.4})
    assert current() is None


def test_a_signal_that_comes_while_the_run_is_opened_ends_it(tmp_path: Path) -> None:
    """In a process of its own, which the signals may end without ending other tests."""
    uri = empty_database(tmp_path)
    done = subprocess.run([sys.executable, "-c", STOPPED, uri, str(tmp_path)], capture_output=True, text=True, cwd=PROJECT, timeout=600)
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout.splitlines()[-1])
    assert [MlflowClient(uri).get_run(run).info.status for run in runs] == ["KILLED", "KILLED"]
