"""Images kept in memory are those of the files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eagle_core.data.images import read_rgb
from eagle_core.errors import DataError
from tasks.machinery import kept_images
from tasks.machinery.kept_images import read_kept


def write(path: Path, grey: int, modified_ns: int = 0) -> None:
    Image.new("RGB", (40, 30), (grey, grey, grey)).save(path)
    os.utime(path, ns=(modified_ns, modified_ns))


def test_an_image_is_decoded_once_until_its_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(kept_images, "read_rgb", lambda *asked: read.append(asked) or read_rgb(*asked))
    path = tmp_path / "a.png"
    write(path, 10)
    first, again = read_kept(path), read_kept(path)
    assert first is again and len(read) == 1
    write(path, 90, modified_ns=5)
    assert np.array_equal(np.asarray(read_kept(path)), np.asarray(read_rgb(path)))
    assert len(read) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone"):
        read_kept(tmp_path / "gone.png")
