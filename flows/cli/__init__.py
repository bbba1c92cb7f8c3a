"""The ``eagle`` command. Imported before anything of Prefect's, it keeps a terminal free of other people's logs."""

import os
import warnings

os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
warnings.filterwarnings("ignore", category=FutureWarning, module=r"(timm|anomalib)\.")
