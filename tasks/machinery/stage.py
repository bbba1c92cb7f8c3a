"""What every stage's Prefect task has in common: cached states, and absences that are results.

A stage that cannot run (weights or data missing, nothing to fit) does not take the benchmark down: it
yields ``NotRun``, which passes through the stages behind it and ends as a line of the table.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect import Task, task
from prefect.client.schemas.objects import State
from prefect.states import Completed

from eagle_core.errors import EagleError
from tasks.machinery.store import Entry

LOG = logging.getLogger("eagle.stage")


@dataclass(frozen=True, slots=True)
class NotRun:
    """A stage that could not run, and why."""

    stage: str
    reason: str


def stage(name: str) -> Callable[[Callable[..., Entry]], Task[..., Any]]:
    """Make a function that returns a store ``Entry`` into a Prefect task.

    The task's state is named ``Cached`` where the entry was in the store and ``NotRun`` where an EagleError
    or an absent input prevented it; any other exception fails the task. Results stay in memory and in our
    store: Prefect persists nothing.
    """

    def decorate(function: Callable[..., Entry]) -> Task[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> State:
            absent = next((value for value in (*args, *kwargs.values()) if isinstance(value, NotRun)), None)
            if absent is not None:
                return Completed(name="NotRun", message=absent.reason, data=absent)
            try:
                entry = function(*args, **kwargs)
            except EagleError as error:
                LOG.warning("%s not run: %s", name, error)
                return Completed(name="NotRun", message=str(error), data=NotRun(name, str(error)))
            LOG.info("%s %s %s", name, entry.key[:12], "cached" if entry.cached else "computed")
            return Completed(name="Cached" if entry.cached else "Completed", data=entry)

        return task(name=name, persist_result=False)(run)

    return decorate


def entry_of(stage_task: Task[..., Any], *args: Any) -> Entry:
    """Run a stage's function here and now, without Prefect; its EagleErrors come through."""
    entry: Entry = stage_task.fn.__wrapped__(*args)  # type: ignore[attr-defined]
    return entry
