"""The MLflow run that a flow keeps while it goes on, found by what runs inside it. One process, and its main thread, writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tasks.graph.values import JudgedCategory, MethodResult
from tasks.machinery.tracking import ending_of
from tasks.report.live_run import LiveBenchmark, LiveRun

_LIVE: ContextVar[LiveRun | None] = ContextVar("live run", default=None)


@contextmanager
def followed(live: LiveRun) -> Iterator[LiveRun]:
    """Inside, ``live`` is the run that is told; an error ends it as failed, a signal as killed."""
    token = _LIVE.set(live)
    try:
        with ended_by_errors():
            yield live
    finally:
        _LIVE.reset(token)


@contextmanager
def ended_by_errors() -> Iterator[None]:
    """Tell MLflow at once. Around what a task runner runs: it waits for tasks that are under way before an error gets out."""
    try:
        yield
    except BaseException as error:
        live = current()
        if live is not None:
            live.end(ending_of(error))
        raise


def answered(judged: JudgedCategory, done: MethodResult) -> None:
    """One method of one category is done: a single benchmark's run logs it now."""
    live = current()
    if isinstance(live, LiveBenchmark):
        live.answered(judged, done)


def current() -> LiveRun | None:
    """The run that is told; None where nobody asked for one."""
    return _LIVE.get()
