"""MLflow on a real SQLite database: parent and child, found again, logged twice without a trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from eagle_core.config import TrackingConfig
from eagle_core.errors import ConfigurationError
from tasks.machinery.tracking import RunContent, Tracker, mlflow_name
from tests.mlflow_database import empty_database


def content(identity: str, file: Path, alpha: float = 0.6) -> RunContent:
    return RunContent(
        identity=identity,
        name=f"run {identity}",
        params={"caas.alpha": alpha, "threshold.kappa": 3.0},
        metrics={"balanced_accuracy": 0.75, "tau": 1.5},
        tags={"git_commit": "abc"},
        artifacts=[(file, "figures")],
    )


def test_logging_twice_is_idempotent(tmp_path: Path) -> None:
    uri = empty_database(tmp_path)
    picture = tmp_path / "scores.png"
    picture.write_bytes(b"picture")
    ids = []
    for _ in range(2):
        tracker = Tracker(TrackingConfig(tracking_uri=uri, experiment="e"), tmp_path)
        parent = tracker.log(content("p", picture))
        ids.append((parent, tracker.log(content("p/child", picture), parent=parent)))
    assert ids[0] == ids[1]

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("e")
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 2
    child = client.get_run(ids[0][1])
    assert child.data.tags["mlflow.parentRunId"] == ids[0][0]
    assert child.data.params == {"caas.alpha": "0.6", "threshold.kappa": "3.0"}
    assert child.data.metrics == {"balanced_accuracy": 0.75, "tau": 1.5}
    assert child.info.status == "FINISHED"
    assert [len(client.get_metric_history(child.info.run_id, m)) for m in ("tau", "balanced_accuracy")] == [1, 1]
    assert [a.path for a in client.list_artifacts(child.info.run_id, "figures")] == ["figures/scores.png"]


def test_a_changed_artifact_replaces_the_old_one(tmp_path: Path) -> None:
    uri = empty_database(tmp_path)
    tracker = Tracker(TrackingConfig(tracking_uri=uri), tmp_path)
    picture = tmp_path / "scores.png"
    picture.write_bytes(b"old")
    run = tracker.log(content("p", picture))
    picture.write_bytes(b"new")
    tracker.log(content("p", picture))
    local = MlflowClient(uri).download_artifacts(run, "figures/scores.png", str(tmp_path))
    assert Path(local).read_bytes() == b"new"


@pytest.mark.parametrize("category", ["lid & seal (left)", "größe 3", "it's", 'a "b"', "x%y=z"])
def test_any_category_name_can_be_logged_and_found_again(tmp_path: Path, category: str) -> None:
    uri = empty_database(tmp_path)
    picture = tmp_path / f"line-{category}-scores.png"
    picture.write_bytes(b"picture")
    tracker = Tracker(TrackingConfig(tracking_uri=uri), tmp_path)
    named = replace(content(f"r/{category}", picture), metrics={f"{category}/tau": 1.5}, params={f"datasets.{category}": 1})
    assert tracker.log(named) == tracker.log(named)
    [run] = MlflowClient(uri).search_runs([e.experiment_id for e in MlflowClient(uri).search_experiments()])
    assert run.info.run_name == f"run r/{category}"
    assert list(run.data.metrics.values()) == [1.5]
    assert [a.path for a in MlflowClient(uri).list_artifacts(run.info.run_id, "figures")] == [f"figures/{picture.name}"]


def test_a_run_carries_many_files_of_long_names(tmp_path: Path) -> None:
    uri = empty_database(tmp_path)
    tracker = Tracker(TrackingConfig(tracking_uri=uri), tmp_path)
    files = [tmp_path / f"{number}.txt" for number in range(130)]
    for file in files:
        file.write_text(file.name)
    folder = "figures/" + 20 * "lid & seal "
    run = tracker.log(replace(content("p", files[0]), artifacts=[(file, folder) for file in files]))
    assert {Path(a.path).name for a in MlflowClient(uri).list_artifacts(run, folder)} == {file.name for file in files}


def test_names_stay_apart() -> None:
    names = ["a&b", "a(b", "a b", "a/b", "a_b"]
    assert len({mlflow_name(name) for name in names}) == len(names)
    assert mlflow_name("threshold.kappa") == "threshold.kappa"


def test_a_database_appears_under_its_name_when_it_is_complete(tmp_path: Path) -> None:
    """Half a database, which a full disk or a kill left aside, is no hindrance."""
    (tmp_path / ".mlflow.db.new").write_bytes(b"half")
    Tracker(TrackingConfig(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db", experiment="e"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


def test_what_is_no_database_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"these are my notes, no database " * 40)
    with pytest.raises(ConfigurationError, match=r"mlflow\.db cannot be used \(file is not a database\); move the file away"):
        Tracker(TrackingConfig(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db", experiment="e"), tmp_path)
