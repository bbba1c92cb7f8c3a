"""Prefect flows: what runs after what. No computation.

Importing this package first keeps Prefect, MLflow and DVC quiet and offline; what the user has set stays.
Prefect's temporary server makes its database at the first start, which takes a busy machine more than its 20 s.
Whatever process imports it (a command, a deployment's run, one of a cluster) looks for garbage seldom.
"""

import os

from flows.failures import log_in_one_line
from flows.garbage import look_for_garbage_seldom

os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "eagle")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DVC_NO_ANALYTICS", "1")

log_in_one_line()
look_for_garbage_seldom()
