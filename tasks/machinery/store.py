"""The one content-addressed store of stage results.

``<root>/<stage>/<key[:2]>/<key>/`` holds a payload and a ``manifest.json`` (sha256 of each file, the
inputs that made the key). An entry appears whole or not at all: it is written aside and renamed. An entry
whose bytes do not match its manifest is thrown away, said so, and computed again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eagle_core.errors import EagleError
from tasks.machinery.disk import disk_trouble

LOG = logging.getLogger("eagle.store")
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A stage's result in the store. Tasks pass these to each other, never the payload itself."""

    stage: str
    key: str
    path: Path
    cached: bool
    """False: it was computed by this call."""


def content_key(stage: str, version: int, inputs: Mapping[str, Any]) -> str:
    """sha256 hex digest of everything that shapes a stage's result. ``inputs`` must be JSON values."""
    canonical = json.dumps({"stage": stage, "version": version, "inputs": inputs}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_LOOKING: ContextVar[bool] = ContextVar("only looking", default=False)


class NotThere(Exception):
    """Raised instead of computing, inside ``only_looking``."""


@contextmanager
def only_looking() -> Iterator[None]:
    """Inside, stages find what is in the store and raise ``NotThere`` for the rest: what a run would have to do."""
    token = _LOOKING.set(True)
    try:
        yield
    finally:
        _LOOKING.reset(token)


class Store:
    """Results of stages below one folder; safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, stage: str, key: str) -> Entry | None:
        """The verified entry, or None where it is absent or was corrupt (then it is removed)."""
        path = self.path(stage, key)
        if not path.is_dir():
            return None
        fault = _fault(path)
        if fault:
            LOG.warning("cache entry %s/%s is corrupt (%s): computed again", stage, key[:12], fault)
            shutil.rmtree(path, ignore_errors=True)
            return None
        return Entry(stage, key, path, cached=True)

    def get_or_compute(
        self, stage: str, version: int, inputs: Mapping[str, Any], compute: Callable[[Path], None]
    ) -> Entry:
        """The entry for these inputs; where it is missing, ``compute(folder)`` writes its payload first.

        Args:
            stage: Folder name of the stage.
            version: Raised by hand when the stage's code changes what it computes.
            inputs: JSON values that, with stage and version, decide the payload.
            compute: Writes the payload's files into the empty folder it is given.

        Raises:
            NotThere: It is missing, inside ``only_looking``.
            DiskError: The disk is full.
            DataError: A file may not be read or written.
        """
        key = content_key(stage, version, inputs)
        found = self.find(stage, key)
        if found:
            return found
        if _LOOKING.get():
            raise NotThere(stage)
        final = self.path(stage, key)
        final.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{key[:12]}-", dir=final.parent))
        try:
            compute(aside)
            _write_manifest(aside, stage, version, inputs)
            self._publish(aside, final)
        except Exception as error:
            told = None if isinstance(error, EagleError) else disk_trouble(error)
            if told is None:
                raise
            raise type(told)(f"{stage}: {told}") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return Entry(stage, key, final, cached=False)

    def path(self, stage: str, key: str) -> Path:
        """Where an entry lies, whether it is there or not."""
        return self.root / stage / key[:2] / key

    @staticmethod
    def _publish(aside: Path, final: Path) -> None:
        try:
            aside.rename(final)
        except OSError:
            if not final.is_dir():
                raise
            LOG.info("another run wrote %s first; its entry is kept", final.name[:12])


def _write_manifest(folder: Path, stage: str, version: int, inputs: Mapping[str, Any]) -> None:
    files = {p.relative_to(folder).as_posix(): file_sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    manifest = {"stage": stage, "version": version, "inputs": inputs, "files": files}
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())


def _fault(folder: Path) -> str | None:
    """What is wrong with an entry; None where every file is there with its sha256."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        return f"manifest: {error}"
    for name, expected in files.items():
        try:
            if _sha256_of(folder / name) != expected:
                return f"{name} has changed"
        except OSError as error:
            return str(error)
    return None


def _sha256_of(path: Path) -> str:
    """``file_sha256``, in one process read again only when size, time or inode have changed."""
    facts = path.stat()
    return _known_sha256(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)


@functools.lru_cache(maxsize=200_000)
def _known_sha256(path: Path, size: int, modified_ns: int, inode: int) -> str:
    return file_sha256(path)
