"""Where a run's seconds went: notes of the store's journal, added up by what they are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tasks.machinery.journal import Note


@dataclass(frozen=True, slots=True)
class Timing:
    """One line of ``eagle run --timings``."""

    event: str
    """Of ``tasks.machinery.journal.Note``."""
    name: str
    """Of the stage or model."""
    count: int
    """How many: stages computed, loads, questions, sentences, images."""
    seconds: float
    """Of all processes together. Loads and questions happen within stages, whose seconds hold theirs."""


def timings_of(notes: Iterable[Note]) -> tuple[Timing, ...]:
    """In the order in which each first happened."""
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for note in notes:
        count, seconds = found.get((note.event, note.name), (0, 0.0))
        found[note.event, note.name] = (count + note.count, seconds + note.seconds)
    return tuple(Timing(event, name, count, round(seconds, 3)) for (event, name), (count, seconds) in found.items())


def outside_stages(timings: Iterable[Timing], whole: float) -> float:
    """Seconds of a run of ``whole`` seconds that no stage tells; none where stages ran at the same time."""
    return max(0.0, whole - sum(timing.seconds for timing in timings if timing.event in ("start", "stage")))


def as_metrics(timings: Iterable[Timing]) -> dict[str, float]:
    """For MLflow: ``seconds/EVENT/NAME``."""
    return {f"seconds/{t.event.replace(' ', '_')}/{t.name}": t.seconds for t in timings}
