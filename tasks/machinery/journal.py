"""What cost something: models loaded and questions asked, a line in the store for each, whichever process it was.

Says how often a model was loaded, how many questions were asked twice, and how long either takes on this machine.
Results do not depend on it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Note:
    """One line."""

    event: Literal["mllm loaded", "questions asked"]
    name: str
    """Of the MLLM in the configuration."""
    count: int
    """Questions; 1 for a load."""
    seconds: float
    threads: int
    """CPU threads of torch in that process."""
    host: str = dataclasses.field(default_factory=socket.gethostname)
    process: int = dataclasses.field(default_factory=os.getpid)


def write_note(cache_dir: Path, note: Note) -> None:
    """Append a line; several processes may do so at once."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    file = os.open(cache_dir / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(file, (json.dumps(dataclasses.asdict(note)) + "\n").encode())
    finally:
        os.close(file)


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
