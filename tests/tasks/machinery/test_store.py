"""The content-addressed store: whole entries or none, corruption noticed, two writers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.errors import DataError, DiskError
from tasks.machinery.disk import disk_trouble
from tasks.machinery.store import MANIFEST, Store, content_key

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


def write_hello(folder: Path) -> None:
    (folder / "hello.txt").write_text("hello")


def write_forbidden(folder: Path) -> None:
    raise AssertionError("must not be computed again")


def test_computes_once_then_finds(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.get_or_compute("stage", 1, {"a": 1}, write_hello)
    second = store.get_or_compute("stage", 1, {"a": 1}, write_forbidden)
    assert (first.cached, second.cached) == (False, True)
    assert first.path == second.path == tmp_path / "stage" / first.key[:2] / first.key
    assert json.loads((first.path / MANIFEST).read_text())["inputs"] == {"a": 1}


@given(JSON_VALUES, JSON_VALUES)
def test_equal_inputs_have_equal_keys_and_unequal_ones_differ(a: object, b: object) -> None:
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (content_key("s", 1, {"x": a}) == content_key("s", 1, {"x": b})) == same


def test_key_depends_on_stage_and_version() -> None:
    assert len({content_key("s", 1, {}), content_key("t", 1, {}), content_key("s", 2, {})}) == 3


@pytest.mark.parametrize("damage", ["change", "delete", "manifest"])
def test_corrupt_entry_is_computed_again(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(tmp_path)
    entry = store.get_or_compute("stage", 1, {}, write_hello)
    if damage == "change":
        (entry.path / "hello.txt").write_text("hellO")
    elif damage == "delete":
        (entry.path / "hello.txt").unlink()
    else:
        (entry.path / MANIFEST).write_text("{")
    again = store.get_or_compute("stage", 1, {}, write_hello)
    assert not again.cached
    assert (again.path / "hello.txt").read_text() == "hello"
    assert "corrupt" in caplog.text


def test_a_failed_computation_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise ValueError("boom")

    store = Store(tmp_path)
    with pytest.raises(ValueError, match="boom"):
        store.get_or_compute("stage", 1, {}, fail)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert store.find("stage", content_key("stage", 1, {})) is None


WRITER = """
import sys, time
from pathlib import Path
from tasks.machinery.store import Store
root, me, other = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def compute(folder):
    (folder / "hello.txt").write_text("hello")
    (root / f"{me}.ready").touch()
    for _ in range(3000):
        if (root / f"{other}.ready").exists():
            return
        time.sleep(0.01)
    raise SystemExit("the other writer never came")
entry = Store(root).get_or_compute("stage", 1, {}, compute)
assert (entry.path / "hello.txt").read_text() == "hello"
"""


def test_two_processes_write_the_same_key(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), me, other])
        for me, other in (("a", "b"), ("b", "a"))
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert Store(tmp_path).find("stage", content_key("stage", 1, {})) is not None
    assert len(list((tmp_path / "stage").glob("*/*"))) == 1
    assert not list((tmp_path / "stage").glob("*/.*"))


def test_a_full_disk_is_one_line_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    def compute(folder: Path) -> None:
        Path("/dev/full").write_text("x", encoding="utf-8")

    store = Store(tmp_path)
    with pytest.raises(DiskError, match=r"expert: the disk is full.*eagle cache --prune-to"):
        store.get_or_compute("expert", 1, {}, compute)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_other_languages_errors_of_a_full_disk_and_bugs_are_told_apart() -> None:
    try:
        try:
            raise RuntimeError("I/O error: No space left on device (os error 28)")
        except RuntimeError as error:
            raise ValueError("not saved") from error
    except ValueError as error:
        assert str(disk_trouble(error)).startswith("the disk is full; make room")
    for told in ("(sqlite3.OperationalError) database or disk is full", "20480 requested and 4064 written"):
        assert isinstance(disk_trouble(RuntimeError(told)), DiskError)
    assert isinstance(disk_trouble(OSError(27, "File too large")), DiskError)
    assert str(disk_trouble(NotADirectoryError(20, "Not a directory", "file/x"))) == "file/x: a file is where a folder should be; name another path"
    assert type(disk_trouble(PermissionError(13, "Permission denied", "x"))) is DataError
    assert disk_trouble(FileNotFoundError(2, "No such file or directory", "x")) is None and disk_trouble(KeyError("x")) is None
