"""Small projects cut from the demo data: params.yaml, a data folder, their own store and MLflow database."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from eagle_core.experiments.catalogue import CATALOGUE
from tests.end_to_end.forks import Forked, Forks
from tests.end_to_end.prefect_server import api_url

PROJECT = Path(__file__).parents[2]
CATEGORIES = 2
TRAIN, GOOD, DEFECTIVE = 20, 6, 4
ON_THE_DEMO = frozenset({"shift", "echo-quality"})
"""Experiments whose profiles name the demo's folder themselves."""


FORKS = Forks(PROJECT)


@dataclass(frozen=True)
class Project:
    """A folder in which ``eagle`` runs."""

    root: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows.cli.main", *arguments]

    def environment(self) -> dict[str, str]:
        """Of a command here, with a Prefect server that is running already."""
        return os.environ | {
            "PREFECT_HOME": str(self.root / ".prefect"),
            "PREFECT_API_URL": api_url(),
            "EAGLE_LOG_LEVEL": "INFO",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "200",
        }

    def eagle(self, *arguments: str, check: bool = True, own_server: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the command line in this project, in a process of its own; ``own_server``: with its own Prefect server."""
        environment = self.environment()
        if own_server:
            del environment["PREFECT_API_URL"]
        done = FORKS.start(arguments, self.root, environment).ended()
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> Forked:
        """Start the command line in this project, to be killed."""
        return FORKS.start(arguments, self.root, self.environment())

    def entries(self, stage: str) -> set[str]:
        """Keys of the store's entries of a stage."""
        return {p.parent.name for p in (self.root / ".eagle/cache" / stage).glob("*/*/manifest.json")}

    def runs(self) -> list[Run]:
        """All MLflow runs."""
        client = MlflowClient(f"sqlite:///{self.root}/mlflow.db")
        return list(client.search_runs([e.experiment_id for e in client.search_experiments()]))

    def records(self) -> pd.DataFrame:
        """The records of the only run folder."""
        [file] = (self.root / "runs").glob("*/records.parquet")
        return pd.read_parquet(file)

    def newest_records(self) -> pd.DataFrame:
        """The records of the last run."""
        return pd.read_parquet(max((self.root / "runs").glob("*/records.parquet"), key=lambda file: file.stat().st_mtime_ns))

    def metrics(self) -> dict[str, dict[str, float]]:
        """MLflow run name -> metrics."""
        return {run.info.run_name.split(" 0x")[0]: run.data.metrics for run in self.runs()}


@pytest.fixture(scope="session")
def project_at() -> Callable[[Path], Project]:
    """A project in a folder that has its params.yaml."""
    return Project


@pytest.fixture(scope="session")
def small_data(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few images of the first categories of the demo, in MVTec layout."""
    root = tmp_path_factory.mktemp("small_data")
    for category in sorted(p for p in demo_root.iterdir() if p.is_dir())[:CATEGORIES]:
        keep = [*sorted((category / "train/good").iterdir())[:TRAIN], *sorted((category / "test/good").iterdir())[:GOOD]]
        keep.append(category / "scenes.json")
        for kind in sorted(p for p in (category / "test").iterdir() if p.name != "good"):
            for image in sorted(kind.iterdir())[:DEFECTIVE]:
                keep += [image, category / "ground_truth" / kind.name / f"{image.stem}_mask.png"]
        for file in keep:
            target = root / file.relative_to(demo_root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return root


@pytest.fixture(scope="session")
def new_project(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Make a project with the small data and nothing computed."""

    def make() -> Project:
        root = tmp_path_factory.mktemp("project")
        params = yaml.safe_load((PROJECT / "params.yaml").read_text())
        params["datasets"] = {"small": {"format": "mvtec", "root": "data/small"}}
        params["profiles"] = {"demo": {}} | {e.name: params["profiles"][e.name] for e in CATALOGUE if e.name not in ON_THE_DEMO}
        params["threshold"]["bootstrap_samples"] = 50
        params["evaluation"]["bootstrap_samples"] = 50
        params["expert"]["folds"] = 5
        params["run"]["threads"] = 1  # two workers share two cores
        (root / "params.yaml").write_text(yaml.safe_dump(params))
        (root / "data").mkdir()
        (root / "data/small").symlink_to(small_data, target_is_directory=True)
        return Project(root)

    return make


@pytest.fixture(scope="session")
def finished(new_project: Callable[[], Project]) -> Project:
    """A project after one uninterrupted run. Tests that change it must bring it back."""
    project = new_project()
    project.eagle("run", own_server=True)
    return project
