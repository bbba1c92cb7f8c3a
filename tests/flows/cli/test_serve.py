"""`eagle serve` in a folder that is neither empty nor a project: it is left alone. An empty one: tests/flows/service/test_page.py."""

from __future__ import annotations

from pathlib import Path

from tests.flows.cli.test_start import HEAVY, run_here


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    code, modules, said = run_here(tmp_path, "serve")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "there is no params.yaml here, and the folder is not empty (thesis.txt)" in said
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert not modules & HEAVY
