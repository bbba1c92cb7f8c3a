"""An error of our own is one line in a flow run's log: it says what to do, and its traceback would bury it."""

from __future__ import annotations

import logging

from eagle_core.errors import DiskError, EagleError
from tasks.machinery.disk import disk_trouble

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
DATABASE = "mlflow.store.db.utils"


class OneLine(logging.Filter):
    """Takes the traceback from what Prefect logs about an EagleError, a full disk or forbidden files; every other exception
    keeps it. MLflow need not say that the disk is full: the run ends by that.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets the record through, but for the database's word on a full disk."""
        error = record.exc_info[1] if record.exc_info else None
        told = error if error is None or isinstance(error, EagleError) else disk_trouble(error)
        if told is not None:
            record.msg, record.args, record.exc_info = " ".join(str(told).split()), (), None
        return not (record.name == DATABASE and isinstance(told, DiskError))


def log_in_one_line() -> None:
    """For this process, whether Prefect has set up its logging already or does so later."""
    for name in (*LOGGERS, DATABASE):
        logger = logging.getLogger(name)
        if not any(isinstance(known, OneLine) for known in logger.filters):
            logger.addFilter(OneLine())
