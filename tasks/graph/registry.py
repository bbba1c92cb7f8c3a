"""The Prefect task of each node. A task is another object than its function, so that both are found by their names."""

from __future__ import annotations

from typing import Any

from prefect import Task, task

from tasks.graph import nodes

FIT: Task[Any, Any] = task(name="fit", persist_result=False)(nodes.fit)
JUDGE: Task[Any, Any] = task(name="judge", persist_result=False)(nodes.judge)
LOCALISE: Task[Any, Any] = task(name="localise", persist_result=False)(nodes.localise)
REMEMBER: Task[Any, Any] = task(name="remember", persist_result=False)(nodes.remember)
ASK: Task[Any, Any] = task(name="ask", persist_result=False)(nodes.ask)
DRAW: Task[Any, Any] = task(name="draw", persist_result=False)(nodes.draw)
ALL = (FIT, JUDGE, LOCALISE, REMEMBER, ASK, DRAW)
