"""The wheel holds the three packages, the embedded models and the command; nothing of tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    out = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source") / "eagle"
    subprocess.run(["git", "clone", "-q", str(PROJECT), str(source)], check=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)],
        check=True,
        capture_output=True,
    )
    [wheel] = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        entry_points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "eagle = flows.cli.main:main" in archive.read(entry_points).decode()
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "eagle_core/assets/packaged/tf_efficientnet_lite0.json",
        "eagle_core/assets/mllm/model.safetensors",
        "eagle_core/assets/mllm/config.json",
        "eagle_core/assets/mllm/tokenizer.json",
        "eagle_core/assets/mllm_control/model.safetensors",
        "eagle_core/data/demo/manifest.json",
        "eagle_core/experiments/published/eagle-table1.toml",
        "eagle_core/report/page/layout/page.html.j2",
        "eagle_core/py.typed",
        "tasks/machinery/store.py",
        "flows/eagle.py",
        "flows/cli/main.py",
    ],
)
def test_wheel_contains(names: set[str], name: str) -> None:
    assert name in names


def test_wheel_leaves_tests_out(names: set[str]) -> None:
    assert not [name for name in names if name.startswith("tests")]
