"""What a command writes into params.yaml is there, and nothing else has moved."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest
import yaml

from eagle_core.errors import ConfigurationError
from tasks.machinery.params import load_params
from tasks.machinery.params_file import add_dataset

PROJECT = Path(__file__).parents[3]
LINE3 = {"format": "folder", "root": "data/line3"}


@pytest.fixture
def params(tmp_path: Path) -> Path:
    return Path(shutil.copyfile(PROJECT / "params.yaml", tmp_path / "params.yaml"))


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[:2] in ("+ ", "- ")]


def test_only_the_datasets_change_in_the_shipped_file(params: Path) -> None:
    before = params.read_text(encoding="utf-8")
    add_dataset(params, "line3", LINE3, make_default=True)
    assert changed_lines(before, params.read_text(encoding="utf-8")) == [
        "-   demo: {format: mvtec, root: data/demo}",
        "+   line3: {format: folder, root: data/line3}",
    ]


def test_added_beside_the_others(params: Path) -> None:
    before = params.read_text(encoding="utf-8")
    add_dataset(params, "line3", LINE3, make_default=False)
    assert changed_lines(before, params.read_text(encoding="utf-8")) == ["+   line3: {format: folder, root: data/line3}"]
    assert list(load_params(params).datasets) == ["demo", "line3"]


def test_the_default_dataset_is_the_one_a_plain_run_reads_and_twice_is_once(params: Path) -> None:
    for _ in range(2):
        add_dataset(params, "line3", LINE3, make_default=True)
    config = load_params(params)
    assert {n: (d.format, d.root) for n, d in config.datasets.items()} == {
        "line3": ("folder", params.parent / "data/line3")
    }
    assert list(load_params(params, "mvtec").datasets) == ["line3", "mvtec_ad"]


def test_a_file_without_datasets_gets_the_section(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("# mine\nmethods: [expert]\n", encoding="utf-8")
    add_dataset(path, "line3", LINE3, make_default=True)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert yaml.safe_load(text) == {"methods": ["expert"], "datasets": {"line3": LINE3}}


@pytest.mark.parametrize(("text", "message"), [(None, "does not exist"), ("a: [", "not valid YAML"), ("- 1", "must hold a mapping"), ("datasets: 3", "datasets must be a mapping")])
def test_what_cannot_be_edited_is_left_alone(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "params.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        add_dataset(path, "line3", LINE3, make_default=True)
    assert path.exists() == (text is not None)
    assert text is None or path.read_text(encoding="utf-8") == text
