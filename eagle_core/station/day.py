"""A day's counts by hour and category, and whether the last parts were all stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from eagle_core.station.verdict import StationVerdict

ROW_OF_ALARMS = 3
"""So many parts stopped in a row point at the machine, not at the part."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a day's counts need of one part."""

    at: datetime
    category: str
    verdict: StationVerdict
    seconds: float
    """From the received bytes to the verdict."""


@dataclass(frozen=True, slots=True)
class HourCount:
    """One hour of one category."""

    hour: str
    """``2026-11-25T14``, in the time zone of the parts' times."""
    category: str
    ok: int
    look: int
    not_ok: int
    not_judged: int


def hourly(parts: Iterable[Judged]) -> list[HourCount]:
    """Counts by hour and category, in order of time, then name."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for part in parts:
        counts.setdefault((part.at.strftime("%Y-%m-%dT%H"), part.category), Counter())[part.verdict] += 1
    return [
        HourCount(hour, category, found["ok"], found["look"], found["not_ok"], found["not_judged"])
        for (hour, category), found in sorted(counts.items())
    ]


def alarms_in_a_row(newest_first: Sequence[StationVerdict]) -> int:
    """How many of the newest parts, counted back from the last, were stopped."""
    count = 0
    for verdict in newest_first:
        if verdict != "not_ok":
            break
        count += 1
    return count
