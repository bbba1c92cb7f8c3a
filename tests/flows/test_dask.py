"""The graph on real worker processes: one process's numbers, each model once a process, and a worker that is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from eagle_core.config import EagleConfig, EngineConfig
from flows.cluster import cluster_of
from flows.graph import graph
from flows.runners import engine_of
from tasks.graph.values import CategoryResult, Point, records_of
from tasks.machinery.journal import Note, read_journal
from tasks.machinery.stage import NotRun
from tasks.stages.data import CategoryName
from tests.prefect_server import used
from tests.tiny.dataset import CATEGORIES, configured, write_dataset

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]
KEY = ["category", "image_id", "mllm", "method"]


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> object:
    with used():
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"))


def on(data: Path, cache: Path, **engine: object) -> EagleConfig:
    """One question a batch, so that a kill falls between the questions of a shard."""
    models = {"first": "embedded", "second": "embedded-control"}
    mllms = {name: {"model": model, "batch_size": 1, "beyond_the_demo": True} for name, model in models.items()}
    return configured(data, cache, mllms=mllms, run={"cache_dir": cache, "threads": 1, "engine": engine})


def run(config: EagleConfig) -> list[CategoryResult]:
    names = [CategoryName("small", category) for category in CATEGORIES]
    with engine_of(config) as runner:
        [results] = graph.with_options(task_runner=runner)([Point("run", {}, config)], [names], pictures=False)
    return results


def table(results: list[CategoryResult]) -> pd.DataFrame:
    entries = []
    for result in results:
        for done in result.methods:
            assert not isinstance(done.records, NotRun), done.records
            entries += done.records
    return records_of(entries).sort_values(KEY).reset_index(drop=True)


@pytest.fixture(scope="module")
def one_process(data: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return table(run(on(data, tmp_path_factory.mktemp("threads"))))


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found[KEY], expected[KEY])
    assert (found["verdict_defective"] == expected["verdict_defective"]).all()
    assert (found["p_defect"] - expected["p_defect"]).abs().max() < 1e-5


def loads(notes: tuple[Note, ...]) -> Counter[tuple[int, str]]:
    """How often each process loaded each MLLM."""
    return Counter((note.process, note.name) for note in notes if note.event == "mllm loaded")


def test_two_processes_give_the_numbers_of_one(data: Path, tmp_path: Path, one_process: pd.DataFrame) -> None:
    resources = {"GPU": 1.0}
    with cluster_of(EngineConfig(kind="dask", workers=2, resources=resources)) as cluster:
        config = on(data, tmp_path, kind="dask", address=cluster.scheduler_address, shard_images=1, resources=resources)
        assert_same(table(run(config)), one_process)
        notes = read_journal(tmp_path)
        again = run(config)
    found = loads(notes)
    assert set(found.values()) == {1}  # one load per process and MLLM that had something left to answer
    assert len({process for process, _ in found}) > 1
    assert os.getpid() not in {process for process, _ in found}
    asked = [note for note in notes if note.event == "questions asked"]
    assert {note.threads for note in asked} == {1}
    assert sum(note.count for note in asked) == len(list((tmp_path / "answer").glob("*/*/manifest.json")))
    assert all(entry.cached for result in again for entry in result.entries())
    assert {(note.event, note.count) for note in read_journal(tmp_path)[len(notes) :]} == {("stage", 0)}  # only looked up


def test_a_killed_worker_costs_no_more_than_its_unanswered_shard(
    data: Path, tmp_path: Path, one_process: pd.DataFrame
) -> None:
    """Killed after its second shard's first question: one shard answered, one not."""
    shard = 2
    killed: list[int] = []

    def kill() -> None:
        deadline = time.monotonic() + 900
        while not killed and time.monotonic() < deadline:
            asked = Counter(note.process for note in read_journal(tmp_path) if note.event == "questions asked")
            for process, count in asked.items():
                if count > shard:
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)
                    return
            time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    results = run(on(data, tmp_path, kind="dask", workers=2, shard_images=shard))
    killer.join()
    assert len(killed) == 1
    assert_same(table(results), one_process)

    notes = read_journal(tmp_path)
    asked = sum(note.count for note in notes if note.event == "questions asked")
    again = asked - len(list((tmp_path / "answer").glob("*/*/manifest.json")))
    assert 0 <= again <= shard
    answered = [note for note in notes if note.process == killed[0] and note.event == "questions asked"]
    assert len(answered) > shard
    assert set(loads(notes).values()) == {1}
