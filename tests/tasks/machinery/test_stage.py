"""What a stage comes to: an entry, an absence that passes through, or an error that does not hide; and the state's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from eagle_core.errors import WeightsError
from tasks.machinery.stage import NotRun, attempt, ended
from tasks.machinery.store import Entry, Store


def hello(root: Path, word: str, upstream: object = None) -> Entry:
    def compute(folder: Path) -> None:
        (folder / "word.txt").write_text(word)

    if word == "missing":
        raise WeightsError("no weights for hello; pass a path")
    if word == "bug":
        raise ZeroDivisionError("a bug")
    return Store(root).get_or_compute("hello", 1, {"word": word}, compute)


def test_states_are_named_by_what_happened(tmp_path: Path) -> None:
    results = [attempt("hello", hello, tmp_path, word) for word in ("a", "a", "missing")]
    assert isinstance(results[0], Entry) and (results[0].path / "word.txt").read_text() == "a"
    assert results[2] == NotRun("hello", "no weights for hello; pass a path")
    assert [ended(result, (result,)).name for result in results] == ["Completed", "Cached", "NotRun"]
    first, second, absent = results
    assert ended("value", (first, second)).name == "Completed"
    assert ended("value", (second, absent)).name == "Cached"
    assert ended("value", (None, absent)).name == "NotRun"
    assert ended("value", (None,)).name == "Completed"
    assert ended("value", (second,)).data == "value"


def test_an_absence_passes_through_later_stages(tmp_path: Path) -> None:
    absent = attempt("hello", hello, tmp_path, "missing")
    assert attempt("later", hello, tmp_path, "b", absent) == NotRun("hello", "no weights for hello; pass a path")
    assert not (tmp_path / "hello").exists()


def test_a_bug_is_not_an_absence(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        attempt("hello", hello, tmp_path, "bug")
