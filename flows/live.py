"""The MLflow run that a flow keeps while it goes on, found by what runs inside it. One process, and its main thread, writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TypeVar

from tasks.graph.values import JudgedCategory, MethodResult
from tasks.machinery.signals import signals_later
from tasks.machinery.tracking import ending_of
from tasks.report.live_run import LiveBenchmark, LiveRun

Live = TypeVar("Live", bound=LiveRun)
_LIVE: ContextVar[LiveRun | None] = ContextVar("live run", default=None)


@contextmanager
def followed(opened: Callable[[], Live]) -> Iterator[Live]:
    """Inside, the run that ``opened`` makes is told; an error ends it as failed, a signal as killed.

    A signal that comes while it is being opened waits until it can be ended: it would stay open for ever.
    """
    with ExitStack() as leaving:
        with signals_later():
            live = opened()
            leaving.callback(_LIVE.reset, _LIVE.set(live))
            leaving.enter_context(ended_by_errors())
        yield live


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
