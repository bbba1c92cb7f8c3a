"""A reader sees the old file or the whole new one; what fails leaves nothing behind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from eagle_core.whole_file import written_whole


@pytest.mark.parametrize("durable", [False, True])
def test_it_takes_its_place_at_the_end(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "new" / "file.txt"
    with written_whole(path, durable=durable) as aside:
        aside.write_text("whole", encoding="utf-8")
        assert not path.exists() and aside.parent == path.parent
    assert path.read_text(encoding="utf-8") == "whole"
    assert list(path.parent.iterdir()) == [path]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask, "readable as any file of this user"


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(OSError, match="full"), written_whole(path) as aside:
        aside.write_text("half", encoding="utf-8")
        raise OSError("the disk is full")
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]


def test_threads_that_write_the_same_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)

    def write(letter: str) -> None:
        for _ in range(50):
            with written_whole(path) as aside:
                aside.write_text(letter * 10_000, encoding="utf-8")

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text(encoding="utf-8") in ("a" * 10_000, "b" * 10_000)
