"""What the verbs that compute say before they do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import psutil
import typer
from rich.console import Console

from eagle_core.config import EagleConfig
from eagle_core.freed_memory import keep_freed_memory
from flows.cli.findings import show_findings
from tasks.machinery.journal import Note, write_note
from tasks.preflight.job import job_findings


def check_only(configs: Sequence[EagleConfig], project: Path, only: tuple[str, str] | None = None) -> NoReturn:
    """``--check``: print every finding of the job and end; exit code 1 where something is missing.

    Args:
        configs: Of all points; those that differ only in a parameter are told as one job.
        project: Folder of params.yaml.
        only: (dataset, category) of an inspection; None: a benchmark's.
    """
    faults = show_findings(job_findings(configs, project, only), Console(soft_wrap=True))
    raise typer.Exit(1 if faults else 0)


def ready_for_run(config: EagleConfig) -> None:
    """What a run needs in any case, done while Prefect's server starts."""
    from tasks.machinery.tracking import import_store

    keep_freed_memory()
    import_store(config.tracking)


def note_start(config: EagleConfig) -> None:
    """Note the seconds since this process began: imports, and waiting for Prefect's server."""
    write_note(config.run.cache_dir, Note("start", "imports and Prefect's server", 1, seconds_since_start()))


def seconds_since_start() -> float:
    """Since this process began."""
    return time.time() - psutil.Process().create_time()
