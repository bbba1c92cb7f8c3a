"""Files that a reader never sees in part: written beside their place, and moved there when they are whole."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Where to write what is to become ``path``, in the same folder, which is made.

    At the end of the block it takes the place of ``path``; where the block fails, it goes, and ``path`` stays as it was.

    Args:
        path: Of the file.
        durable: Its bytes are on the disk before it takes its place, so that a power cut leaves the old or the new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        yield aside
        if durable:
            with aside.open("rb") as file:
                os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
