"""The preflight as the first stage of a flow: an absence, and the work ahead, are told before anything that costs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from prefect import task

from eagle_core.config import EagleConfig
from tasks.machinery.journal import noted, read_journal
from tasks.preflight.job import refuse_hopeless
from tasks.preflight.work import work_findings, work_of
from tasks.stages.data import CategoryName

LOG = logging.getLogger("eagle.preflight")


@task(name="preflight", persist_result=False)
def preflight(config: EagleConfig, project: Path) -> None:
    """Log what will not be run.

    Raises:
        EagleError: Nothing at all could be: see ``refuse_hopeless``.
    """
    for fault in refuse_hopeless(config, project):
        LOG.warning("will not be run: %s", fault.text)


@task(name="work ahead", persist_result=False)
def tell_work(configs: Sequence[EagleConfig], categories: Sequence[CategoryName]) -> None:
    """Log what is not in the store, and how long that takes at the rates of earlier runs on this machine."""
    if not categories:
        return
    cache_dir = configs[0].run.cache_dir
    with noted(cache_dir, "work ahead"):
        work = work_of(configs, categories)
    for finding in work_findings(work, read_journal(cache_dir)):
        LOG.info("%s: %s", finding.topic, finding.text)
