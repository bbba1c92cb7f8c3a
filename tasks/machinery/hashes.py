"""Hashes of large files, remembered in the store by path, size and time of change: each file is read once for all processes."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable
from pathlib import Path

from eagle_core.whole_file import written_whole
from tasks.machinery.store import file_sha256

FOLDER = "hashes"


def remembered_sha256(cache_dir: Path) -> Callable[[Path], str]:
    """A function from a file to its SHA-256, which reads the file only where no process has read it as it is now.

    Two processes that ask for the same file at once: one reads, the other waits.
    """

    def digest(path: Path) -> str:
        facts = path.stat()
        described = f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}"
        known = cache_dir / FOLDER / hashlib.sha256(described.encode()).hexdigest()
        if known.is_file():
            return known.read_text(encoding="ascii")
        known.parent.mkdir(parents=True, exist_ok=True)
        with known.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not known.is_file():
                with written_whole(known) as aside:
                    aside.write_text(file_sha256(path), encoding="ascii")
        return known.read_text(encoding="ascii")

    return digest
