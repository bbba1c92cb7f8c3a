"""The Prefect task of each node. A task is another object than its function, so that both are found by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import Task, task

from eagle_core.config import EagleConfig
from tasks.graph import nodes
from tasks.stages.data import AvailableData, prepare_data

DATA: Task[[EagleConfig, Path], AvailableData] = task(name="data", persist_result=False)(prepare_data)
FIT: Task[Any, Any] = task(name="fit", persist_result=False)(nodes.fit)
JUDGE: Task[Any, Any] = task(name="judge", persist_result=False)(nodes.judge)
LOCALISE: Task[Any, Any] = task(name="localise", persist_result=False)(nodes.localise)
REMEMBER: Task[Any, Any] = task(name="remember", persist_result=False)(nodes.remember)
ASK: Task[Any, Any] = task(name="ask", persist_result=False)(nodes.ask)
DRAW: Task[Any, Any] = task(name="draw", persist_result=False)(nodes.draw)
ALL = (FIT, JUDGE, LOCALISE, REMEMBER, ASK, DRAW)
"""Those that an engine sends to its workers; ``DATA`` runs where the flow runs."""
