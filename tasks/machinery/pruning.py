"""What the store holds, which of it the kept runs need, and room made by removing the rest, oldest first.

A run folder notes the entries that it was made from; what those were made from is in their manifests. A run is kept as
long as its folder is there. What is removed is computed again when a run asks for it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.machinery.store import MANIFEST, Entry

NEEDED = "store.json"
"""In a run's folder: stages and keys of the entries it was made from."""
IN_USE_S = 3600.0
"""Entries younger than this are left: a run that is not finished may be about to read them."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it lies on the disk."""

    stage: str
    key: str
    path: Path
    size: int
    """Bytes of all its files."""
    written: float
    """Seconds since 1970."""
    needed: bool
    """By a kept run, itself or through an entry that was made from it."""


def note_needed(entries: Iterable[Entry], folder: Path) -> None:
    """Write which entries the run in ``folder`` was made from."""
    keys = sorted({(entry.stage, entry.key) for entry in entries})
    (folder / NEEDED).write_text(json.dumps(keys, indent=0), encoding="utf-8")


def survey(store: Path, runs: Path) -> tuple[StoredEntry, ...]:
    """Every entry below ``store``, the oldest first; ``runs`` holds the folders of the kept runs, at any depth."""
    manifests = {path.parent.name: path for path in store.glob(f"*/*/*/{MANIFEST}")}
    needed = _closure({key for file in runs.rglob(NEEDED) for _, key in json.loads(file.read_text(encoding="utf-8"))}, manifests)
    found = []
    for key, manifest in manifests.items():
        folder = manifest.parent
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        found.append(StoredEntry(folder.parent.parent.name, key, folder, size, manifest.stat().st_mtime, key in needed))
    return tuple(sorted(found, key=lambda entry: (entry.written, entry.key)))


def prune(entries: Sequence[StoredEntry], target: int) -> tuple[StoredEntry, ...]:
    """Remove entries that no kept run needs, the oldest first, until at most ``target`` bytes are left.

    Returns:
        What was removed. More than ``target`` may be left: what is needed, or younger than an hour, stays.
    """
    left, removed = sum(entry.size for entry in entries), []
    old = time.time() - IN_USE_S
    for entry in entries:
        if left <= target:
            break
        if entry.needed or entry.written > old:
            continue
        # The manifest goes first: an entry that is half removed is no entry.
        (entry.path / MANIFEST).unlink()
        shutil.rmtree(entry.path)
        left -= entry.size
        removed.append(entry)
    return tuple(removed)


def _closure(keys: set[str], manifests: dict[str, Path]) -> set[str]:
    """``keys`` and every key that the inputs of their entries name, and theirs."""
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key in found or key not in manifests:
            continue
        found.add(key)
        inputs = json.loads(manifests[key].read_text(encoding="utf-8"))["inputs"]
        waiting += [text for text in _texts(inputs) if text in manifests]
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
