"""Names of task runs, as Prefect's page shows them: "fit wood", "ask qwen2.5-vl eagle wood"."""

from __future__ import annotations

from typing import Any

from prefect import Task


def named(node: Task[Any, Any], name: str) -> Task[Any, Any]:
    """``node`` whose next run is called ``name``."""
    return node.with_options(task_run_name=name.replace("{", "{{").replace("}", "}}"))
