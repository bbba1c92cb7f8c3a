"""An error of our own is one line in a flow run's log: it says what to do, and its traceback would bury it."""

from __future__ import annotations

import logging

from eagle_core.errors import EagleError
from tasks.machinery.disk import disk_trouble

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


class OneLine(logging.Filter):
    """Takes the traceback from what Prefect logs about an EagleError, a full disk or forbidden files; every other exception keeps it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record through."""
        error = record.exc_info[1] if record.exc_info else None
        told = error if error is None or isinstance(error, EagleError) else disk_trouble(error)
        if told is not None:
            record.msg, record.args, record.exc_info = " ".join(str(told).split()), (), None
        return True


def log_in_one_line() -> None:
    """For this process, whether Prefect has set up its logging already or does so later."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, OneLine) for known in logger.filters):
            logger.addFilter(OneLine())
