"""Commands that are called within this process, and folders for ``eagle data``."""

from __future__ import annotations

import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from tests.flows.cli.data_command import marked, photo, write


@pytest.fixture(autouse=True, scope="session")
def dvc_logs_to_the_tests() -> None:
    """DVC's log keeps the stream that it finds when it is imported: not the one that a command runner closes again."""
    import_module("dvc.repo")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A sound folder of one's own."""
    folder = tmp_path / "My Photos"
    for number in range(5):
        photo(folder / "cup" / "normal" / f"{number}.png", number)
    photo(folder / "cup" / "defective" / "0.png", 10)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository to bring data into."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "params.yaml").write_text("datasets:\n  demo: {root: data/demo}\n", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A category in which nothing is to be found."""
    cup = tmp_path / "set" / "cup"
    for number in range(6):
        photo(cup / f"train/good/{number}.png", number)
    for number in range(2):
        photo(cup / f"test/good/{number}.png", 20 + number)
    for number in range(4):
        photo(cup / f"test/crack/{number}.png", 30 + number)
        write(cup / f"ground_truth/crack/{number}_mask.png", marked())
    return tmp_path / "set"
