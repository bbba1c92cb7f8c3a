"""Killed with SIGKILL in each stage and started again: the numbers of an uninterrupted run, no run twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

SECONDS = 900
STAGES = ("expert", "predictions", "threshold", "answer", "records")


def kill_when(project, reached: Callable[[], bool]) -> bool:  # type: ignore[no-untyped-def]
    """Start a run and kill its process group as soon as ``reached``; False where it finished first."""
    run = project.start("run")
    deadline = time.monotonic() + SECONDS
    while run.running() and time.monotonic() < deadline:
        if reached():
            run.kill()
            return True
        time.sleep(0.01)
    assert not run.running(), "the run did not end in time"
    run.ended()
    return False


def test_killed_in_every_stage(finished, new_project: Callable) -> None:  # type: ignore[no-untyped-def,type-arg]
    project = new_project()
    for stage in STAGES:
        assert kill_when(project, lambda stage=stage: len(project.entries(stage)) > 0), f"never seen in {stage}"
    logged = runs_or_none(project)
    assert kill_when(project, lambda: len(runs_or_none(project)) > len(logged)), "never seen logging"
    assert kill_when(project, lambda: len(project.entries("figures")) > 0), "never seen in figures"

    project.eagle("run")
    key = ["dataset", "category", "image_id", "method"]
    expected = finished.records().sort_values(key).drop(columns="run_id").reset_index(drop=True)
    resumed = project.records().sort_values(key).drop(columns="run_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(expected, resumed, rtol=0, atol=1e-5)
    assert (expected.verdict_defective == resumed.verdict_defective).all()

    names = sorted(r.info.run_name for r in project.runs())
    assert names == sorted(r.info.run_name for r in finished.runs())
    assert {r.info.status for r in project.runs()} == {"FINISHED"}


def runs_or_none(project) -> list:  # type: ignore[no-untyped-def,type-arg]
    """MLflow's runs; none while its tables are being made."""
    import sqlite3

    try:
        with sqlite3.connect(Path(project.root / "mlflow.db")) as database:
            return database.execute("select run_uuid from runs").fetchall()
    except sqlite3.OperationalError:
        return []
