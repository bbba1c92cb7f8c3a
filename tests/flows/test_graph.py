"""The graph counts: models loaded once each, nothing loaded where everything is in the store, named task runs."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId
from prefect.runtime import flow_run as this_run

from eagle_core.config import EagleConfig
from flows.graph import graph
from flows.runners import engine_of
from tasks.graph.values import CategoryResult, Point, records_of
from tasks.machinery.holders import forget_models
from tasks.machinery.journal import read_journal
from tasks.machinery.stage import NotRun
from tasks.stages.data import CategoryName
from tests.prefect_server import used
from tests.tiny.dataset import CATEGORIES, configured, write_dataset
from tests.waiting import wait_for

METHODS = ("mllm", "eagle")


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> object:
    with used():
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"))


def run(*configs: EagleConfig, pictures: bool = False) -> list[list[CategoryResult]]:
    names = [[CategoryName("small", category) for category in CATEGORIES] for _ in configs]
    points = [Point(str(index), {}, config) for index, config in enumerate(configs)]
    with engine_of(configs[0]) as runner:
        return graph.with_options(task_runner=runner)(points, names, pictures=pictures)


def mllm_loads(cache: Path) -> Counter[str]:
    return Counter(note.name for note in read_journal(cache) if note.event == "mllm loaded")


def test_each_mllm_is_loaded_once_and_not_at_all_when_everything_is_known(data: Path, tmp_path: Path) -> None:
    config = configured(data, tmp_path)
    [results] = run(config)
    assert mllm_loads(tmp_path) == {"first": 1, "second": 1}
    assert [[(done.mllm, done.method) for done in result.methods] for result in results] == [
        [(mllm, method) for mllm in ("first", "second") for method in METHODS]
    ] * len(CATEGORIES)
    assert not any(isinstance(done.records, NotRun) for result in results for done in result.methods)

    forget_models()
    [again] = run(config)
    assert all(entry.cached for result in again for entry in result.entries())
    assert mllm_loads(tmp_path) == {"first": 1, "second": 1}

    # Answers that another configuration has asked for are found without the model, although the records are new.
    forget_models()
    [renamed] = run(configured(data, tmp_path, caas={"alpha": 0.6, "gate_width": 2.0}))
    assert mllm_loads(tmp_path) == {"first": 1, "second": 1}
    assert not any(entry.cached for result in renamed for done in result.methods if done.method == "eagle" for entry in done.records)


def test_points_ask_one_mllm_before_the_next_is_loaded(data: Path, tmp_path: Path) -> None:
    forget_models()
    points = [configured(data, tmp_path, caas={"alpha": alpha, "gate": "always"}) for alpha in (0.2, 0.6)]
    results = run(*points)
    assert mllm_loads(tmp_path) == {"first": 1, "second": 1}
    assert [len(result) for result in results] == [3, 3]
    fits = {result.expert.key for point in results for result in point}  # type: ignore[union-attr]
    assert len(fits) == len(CATEGORIES)


def test_shards_give_the_records_of_the_whole(data: Path, tmp_path: Path) -> None:
    forget_models()
    whole = run(configured(data, tmp_path / "a"))
    cut = run(configured(data, tmp_path / "b", run={"cache_dir": tmp_path / "b", "threads": 1, "engine": {"shard_images": 2}}))
    for one, other in zip(whole[0], cut[0], strict=True):
        for first, second in zip(one.methods, other.methods, strict=True):
            assert (len(first.records), len(second.records)) == (1, 2)  # type: ignore[arg-type]
            a, b = records_of(first.records), records_of(second.records)  # type: ignore[arg-type]
            assert a["image_id"].tolist() == b["image_id"].tolist()
            assert (a["p_defect"] - b["p_defect"]).abs().max() < 1e-5


def test_an_absent_model_is_an_absence_of_its_own(data: Path, tmp_path: Path) -> None:
    mllms = {"first": {"model": "embedded", "beyond_the_demo": True}, "absent": {"model": str(tmp_path / "nowhere")}}
    [results] = run(configured(data, tmp_path, mllms=mllms))
    for result in results:
        assert [isinstance(done.records, NotRun) for done in result.methods] == [False, False, True, True]
        assert "there is no folder" in result.methods[-1].records.reason  # type: ignore[union-attr]


def test_task_runs_are_named_and_progress_is_an_artifact(data: Path, tmp_path: Path) -> None:
    config = configured(data, tmp_path, mllms={"small{1}": {"model": "embedded", "beyond_the_demo": True}})

    @flow
    def parent() -> UUID:
        run(config, pictures=True)
        return this_run.id  # type: ignore[no-any-return]

    within = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[parent()]))
    expected = {"fit bolt", "threshold nut", "localise ring", "ask small{1} eagle bolt", "draw ring"}
    with get_client(sync_client=True) as client:
        wait_for(lambda: expected <= {task.name for task in client.read_task_runs(flow_run_filter=within)})
        artifacts = client.read_artifacts(flow_run_filter=within)
    done = [artifact.data for artifact in artifacts if artifact.type == "progress" and artifact.description == "answers"]
    assert 100.0 in done
    shutil.rmtree(tmp_path)
