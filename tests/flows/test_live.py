"""How an open MLflow run ends: by an error, by Ctrl-C, or as its own code says. Real SQLite."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from mlflow import MlflowClient

from eagle_core.config import TrackingConfig
from eagle_core.errors import FitError
from flows.live import current, ended_by_errors, followed
from tasks.machinery.tracking import RunContent, Tracker
from tasks.report.live_run import LiveRun, open_run
from tests.mlflow_database import empty_database


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_while_the_run_is_opened_ends_it(tmp_path: Path, number: int) -> None:
    """As Prefect's handler does, ours raises; before the run could be ended, nothing would end it."""
    uri = empty_database(tmp_path)
    tracker = Tracker(TrackingConfig(tracking_uri=uri), tmp_path)
    made: list[str] = []

    def opened() -> LiveRun:
        signal.raise_signal(number)
        made.append(open_run(tracker, RunContent("r", "r", {}, {}, {})))
        return LiveRun(tracker, made[0])

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, stop)
    try:
        with pytest.raises(KeyboardInterrupt), followed(opened):
            raise AssertionError("nothing is done after the signal")
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)
    assert MlflowClient(uri).get_run(made[0]).info.status == "KILLED"
    assert current() is None
