"""The ``eagle`` command, one file a verb; no computation. Imported before anything of Prefect's, it keeps a terminal free of other people's logs."""

import os
import warnings

if "PREFECT_LOGGING_LEVEL" not in os.environ:
    os.environ["PREFECT_LOGGING_LEVEL"] = "WARNING"
    # What fails is said once, by the command itself; the flow run's own log has it too.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
warnings.filterwarnings("ignore", category=FutureWarning, module=r"(timm|anomalib)\.")
