"""What cost something: models loaded and questions asked, a line in the store for each, whichever process it was.

Says how often a model was loaded, how many questions were asked twice, and how long either takes on this machine.
Results do not depend on it.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Note:
    """One line."""

    event: Literal["start", "stage", "mllm loaded", "questions asked", "sentences asked", "attention looked at"]
    name: str
    """Of the stage, or of the MLLM in the configuration."""
    count: int
    """Questions, sentences or images; 1 for a load or a stage that was computed; 0 for one that was found in the store."""
    seconds: float
    threads: int | None = None
    """CPU threads of torch in that process, where it matters."""
    host: str = dataclasses.field(default_factory=socket.gethostname)
    process: int = dataclasses.field(default_factory=os.getpid)


def write_note(cache_dir: Path, note: Note) -> None:
    """Append a line; several processes may do so at once."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    file = os.open(cache_dir / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        line = (json.dumps(dataclasses.asdict(note)) + "\n").encode()
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(cache_dir / FILE))
    finally:
        os.close(file)


def notes_before_run(cache_dir: Path) -> int:
    """How many notes are older than this process's run: its start, noted just before, belongs to it."""
    notes = read_journal(cache_dir)
    count = len(notes)
    while count and notes[count - 1].event == "start" and notes[count - 1].process == os.getpid():
        count -= 1
    return count


@contextmanager
def noted(cache_dir: Path, stage: str) -> Iterator[None]:
    """Note how long a stage takes that always runs."""
    start = time.perf_counter()
    yield
    write_note(cache_dir, Note("stage", stage, 1, time.perf_counter() - start))


def read_journal(cache_dir: Path) -> tuple[Note, ...]:
    """All notes so far, oldest first. A line that a killed process left unfinished is passed over."""
    path = cache_dir / FILE
    if not path.is_file():
        return ()
    notes = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            notes.append(Note(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return tuple(notes)
