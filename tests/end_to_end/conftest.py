"""Small projects cut from the demo data: params.yaml, a data folder, their own store and MLflow database."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

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
def new_project(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Make a project with the small data and nothing computed; without MLflow's tables where its first run is to make them."""

    def make(*, with_tables: bool = True) -> Project:
        root = tmp_path_factory.mktemp("project")
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
        if with_tables:
            empty_database(root)
        return Project(root)

    return make


@pytest.fixture(scope="session")
def finished(new_project: Callable[..., Project]) -> Project:
    """A project after one uninterrupted run. Tests that change it must bring it back."""
    project = new_project(with_tables=False)
    project.eagle("run", own_server=True)
    return project
