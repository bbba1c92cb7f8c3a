"""MLflow's tables in a new SQLite database, made once: MLflow takes seconds for them."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path


def empty_database(folder: Path) -> str:
    """``mlflow.db`` in ``folder``, in which nothing is logged yet; its URI."""
    (folder / "mlflow.db").write_bytes(_made())
    return f"sqlite:///{folder}/mlflow.db"


@cache
def _made() -> bytes:
    from mlflow import MlflowClient

    with tempfile.TemporaryDirectory() as folder:
        MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
        return Path(folder, "mlflow.db").read_bytes()
