"""What every stage has in common: absences that are results, and states that say where a result came from.

A stage that cannot run (weights or data missing, nothing to fit) does not take the benchmark down: it
yields ``NotRun``, which passes through the stages behind it and ends as a line of the table.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eagle_core.errors import DiskError, EagleError
from tasks.machinery.journal import Note, write_note
from tasks.machinery.store import Entry

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

LOG = logging.getLogger("eagle.stage")


@dataclass(frozen=True, slots=True)
class NotRun:
    """A stage that could not run, and why."""

    stage: str
    reason: str


Result = Entry | NotRun
"""What a stage comes to."""


def attempt(name: str, function: Callable[..., Entry], *args: Any) -> Result:
    """``function(*args)``; ``NotRun`` where an argument is one or an EagleError prevented it. Other errors, and a full disk, come through."""
    absent = next((value for value in args if isinstance(value, NotRun)), None)
    if absent is not None:
        return absent
    start = time.perf_counter()
    try:
        entry = function(*args)
    except DiskError:
        # No stage after this one could be written either.
        raise
    except EagleError as error:
        LOG.warning("%s not run: %s", name, error)
        return NotRun(name, str(error))
    write_note(entry.path.parents[2], Note("stage", name, int(not entry.cached), time.perf_counter() - start))
    LOG.info("%s %s %s", name, entry.key[:12], "cached" if entry.cached else "computed")
    return entry


def ended(value: Any, results: Iterable[Result | None]) -> State[Any]:
    """The state of a task that returns ``value``, made of ``results``.

    It is named ``NotRun`` where none of them could be run, and ``Cached`` where all were in the store. Results stay in
    memory and in our store: Prefect persists nothing.
    """
    # Imported here: judging one image needs no Prefect.
    from prefect.states import Completed

    known = [result for result in results if result is not None]
    absent = [result for result in known if isinstance(result, NotRun)]
    if absent and len(absent) == len(known):
        return Completed(name="NotRun", message=absent[0].reason, data=value)
    fresh = any(not entry.cached for entry in known if isinstance(entry, Entry))
    return Completed(name="Completed" if fresh or not known else "Cached", data=value)
