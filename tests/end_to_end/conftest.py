"""Small projects cut from the demo data: params.yaml, a data folder, their own store and MLflow database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from eagle_core.experiments.catalogue import CATALOGUE
from tests.mlflow_database import empty_database
from tests.project import Project

PROJECT = Path(__file__).parents[2]
CATEGORIES = 2
TRAIN, GOOD, DEFECTIVE = 16, 4, 2
"""Images of a category; defective ones of each of its three kinds."""
ON_THE_DEMO = frozenset({"shift", "echo-quality"})
"""Experiments whose profiles name the demo's folder themselves."""


@pytest.fixture(scope="session")
def project_at() -> Callable[[Path], Project]:
    """A project in a folder that has its params.yaml."""
    return Project


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """A folder made by whichever worker of this run of tests needs it first; the others wait for it."""
    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine

    def made(name: str, make: Callable[[Path], None]) -> Path:
        root, complete = shared / name, shared / f"{name}.complete"
        with FileLock(shared / f"{name}.lock"):
            if not complete.exists():
                shutil.rmtree(root, ignore_errors=True)
                root.mkdir()
                make(root)
                complete.touch()
        return root

    return made


@pytest.fixture(scope="session")
def small_data(demo_root: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A few images of the first categories of the demo, in MVTec layout."""

    def copied(root: Path) -> None:
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

    return once("small_data", copied)


@pytest.fixture(scope="session")
def new_project(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Make a project with the small data and nothing computed."""

    def make() -> Project:
        root = tmp_path_factory.mktemp("project")
        write_project(root, small_data)
        empty_database(root)
        return Project(root)

    return make


def write_project(root: Path, small_data: Path) -> None:
    """params.yaml and the data of a project."""
    params = yaml.safe_load((PROJECT / "params.yaml").read_text())
    params["datasets"] = {"small": {"format": "mvtec", "root": "data/small"}}
    params["profiles"] = {"demo": {}} | {e.name: params["profiles"][e.name] for e in CATALOGUE if e.name not in ON_THE_DEMO}
    params["threshold"]["bootstrap_samples"] = 20
    params["evaluation"]["bootstrap_samples"] = 20
    params["expert"] |= {"folds": 3, "preprocessing": {"resize": 128, "fit": "stretch"}, "min_unsampled_patches": 8}
    params["run"]["threads"] = 1  # the workers share two cores
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    (root / "data").mkdir()
    (root / "data/small").symlink_to(small_data, target_is_directory=True)


@pytest.fixture(scope="session")
def finished(small_data: Path, once: Callable[[str, Callable[[Path], None]], Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after one uninterrupted run, a copy for each worker. Tests that change it must bring it back."""

    def run(root: Path) -> None:
        write_project(root, small_data)
        Project(root).eagle("run", own_server=True)

    mine = tmp_path_factory.mktemp("project") / "finished"
    shutil.copytree(once("finished", run), mine, symlinks=True)
    return Project(mine)
