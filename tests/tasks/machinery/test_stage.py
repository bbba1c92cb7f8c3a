"""A stage as a Prefect task: cached states, absences that pass through, other errors that do not hide."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness

from eagle_core.errors import WeightsError
from tasks.machinery.stage import NotRun, entry_of, stage
from tasks.machinery.store import Entry, Store


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> object:
    with prefect_test_harness():
        yield


@stage("hello")
def hello(root: Path, word: str, upstream: object = None) -> Entry:
    def compute(folder: Path) -> None:
        (folder / "word.txt").write_text(word)

    if word == "missing":
        raise WeightsError("no weights for hello; pass a path")
    if word == "bug":
        raise ZeroDivisionError("a bug")
    return Store(root).get_or_compute("hello", 1, {"word": word}, compute)


def test_states_are_named_by_what_happened(tmp_path: Path) -> None:
    @flow
    def run() -> list[tuple[str, object]]:
        states = [hello(tmp_path, word, return_state=True) for word in ("a", "a", "missing")]
        return [(state.name, state.result()) for state in states]

    (first, second, absent) = run()
    assert first[0] == "Completed"
    assert second[0] == "Cached"
    assert absent == ("NotRun", NotRun("hello", "no weights for hello; pass a path"))


def test_an_absence_passes_through_later_stages(tmp_path: Path) -> None:
    @flow
    def run() -> object:
        absent = hello.submit(tmp_path, "missing")
        return hello.submit(tmp_path, "b", absent).result()

    assert run() == NotRun("hello", "no weights for hello; pass a path")
    assert not (tmp_path / "hello").exists()


def test_a_bug_is_not_an_absence(tmp_path: Path) -> None:
    @flow
    def run() -> object:
        return hello(tmp_path, "bug")

    with pytest.raises(ZeroDivisionError):
        run()


def test_entry_of_runs_without_prefect(tmp_path: Path) -> None:
    assert (entry_of(hello, tmp_path, "c").path / "word.txt").read_text() == "c"
    with pytest.raises(WeightsError):
        entry_of(hello, tmp_path, "missing")
