"""The preflight as the first stage of a flow: an absence is told before anything that costs."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import task

from eagle_core.config import EagleConfig
from tasks.preflight.job import refuse_hopeless

LOG = logging.getLogger("eagle.preflight")


@task(name="preflight", persist_result=False)
def preflight(config: EagleConfig, project: Path) -> None:
    """Log what will not be run.

    Raises:
        EagleError: Nothing at all could be: see ``refuse_hopeless``.
    """
    for fault in refuse_hopeless(config, project):
        LOG.warning("will not be run: %s", fault.text)
