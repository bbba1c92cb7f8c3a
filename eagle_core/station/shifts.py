"""From when to when a shift lasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

DAY = timedelta(days=1)


def latest_shifts(beginnings: Sequence[time], now: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """The shift of ``now`` and those before it, the newest first, as (begin, end), half-open, in the time zone of ``now``.

    Args:
        beginnings: Times of the day, in any order; one alone makes shifts of a whole day.
        now: With its time zone.
        count: How many.
    """
    days = [now.date() + DAY * offset for offset in range(-count - 1, 3)]
    begins = sorted({datetime.combine(day, each, now.tzinfo) for day in days for each in beginnings})
    current = max(i for i, begin in enumerate(begins) if begin <= now)
    return [(begins[i], begins[i + 1]) for i in range(current, current - count, -1)]
