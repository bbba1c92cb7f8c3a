"""``eagle cache`` on a store that was written by hand: what is needed stays, the rest goes, the oldest first."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eagle_core.errors import ConfigurationError
from flows.cli.main import app
from tasks.machinery.pruning import note_needed, prune, survey
from tasks.machinery.store import Entry, Store

DAY = 86_400.0
PAYLOAD = 10_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text("datasets: {mine: {format: folder, root: images}}\n")
    return tmp_path


def made(project: Path, stage: str, name: str, days_ago: float, **inputs: str) -> Entry:
    def compute(folder: Path) -> None:
        (folder / "payload.bin").write_bytes(name.encode() * (PAYLOAD // len(name)))

    entry = Store(project / ".eagle/cache").get_or_compute(stage, 1, {"name": name, **inputs}, compute)
    then = time.time() - days_ago * DAY
    os.utime(entry.path / "manifest.json", (then, then))
    return entry


def run_folder(project: Path, name: str, *entries: Entry) -> Path:
    folder = project / "runs" / name
    folder.mkdir(parents=True)
    note_needed(entries, folder)
    return folder


def eagle(project: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["cache", "--params", str(project / "params.yaml"), *words], catch_exceptions=False)
    assert result.exit_code == 0
    return " ".join(result.output.split())


def test_what_a_kept_run_needs_stays_with_all_it_was_made_from(project: Path) -> None:
    expert = made(project, "expert", "e", 9)
    predictions = made(project, "predictions", "p", 8, expert=expert.key)
    old, newer = made(project, "answer", "a", 7), made(project, "answer", "b", 6)
    kept = run_folder(project, "sweep/0123", predictions)

    shown = eagle(project)
    assert "answer │ 2 │" in shown and "0 (0 B)" in shown
    assert "expert │ 1 │" in shown and shown.count("1 (") == 2

    assert "removed 2 entries" in eagle(project, "--prune-to", "0")
    assert expert.path.exists() and predictions.path.exists()
    assert not old.path.exists() and not newer.path.exists()

    (kept / "store.json").unlink()
    assert "removed 2 entries" in eagle(project, "--prune-to", "0")
    assert not expert.path.exists()


def test_the_oldest_go_first_and_only_as_many_as_are_in_the_way(project: Path) -> None:
    entries = [made(project, "answer", name, days) for name, days in (("new", 1), ("old", 30), ("middle", 10))]
    total = sum(e.size for e in survey(project / ".eagle/cache", project / "runs"))
    eagle(project, "--prune-to", str(total - 1))
    assert [entry.path.exists() for entry in entries] == [True, False, True]


def test_what_a_run_may_be_using_stays_and_it_is_said(project: Path) -> None:
    entry = made(project, "answer", "fresh", 0)
    assert "still more than 0: the rest is needed by runs" in eagle(project, "--prune-to", "0")
    assert entry.path.exists()


def test_an_empty_store_and_a_size_that_is_none(project: Path) -> None:
    assert "0 B, of which kept runs need 0 B" in eagle(project)
    assert prune((), 0) == ()
    with pytest.raises(ConfigurationError, match="write a size such as 2GiB"):
        eagle(project, "--prune-to", "much")
