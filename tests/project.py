"""A folder in which ``eagle`` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run

from tests import forks
from tests.prefect_server import api_url


@dataclass(frozen=True)
class Project:
    """params.yaml, data, a store and an MLflow database of its own."""

    root: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows.cli.main", *arguments]

    def environment(self) -> dict[str, str]:
        """Of a command here, with a Prefect server that is running already."""
        return os.environ | {
            "PREFECT_HOME": str(self.root / ".prefect"),
            "PREFECT_API_URL": api_url(),
            "EAGLE_LOG_LEVEL": "INFO",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "200",
        }

    def eagle(self, *arguments: str, check: bool = True, own_server: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the command line in this project, in a process of its own; ``own_server``: with its own Prefect server."""
        environment = self.environment()
        if own_server:
            del environment["PREFECT_API_URL"]
        done = forks.start(arguments, self.root, environment).ended()
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> forks.Forked:
        """Start the command line in this project, to be killed."""
        return forks.start(arguments, self.root, self.environment())

    def entries(self, stage: str) -> set[str]:
        """Keys of the store's entries of a stage."""
        return {p.parent.name for p in (self.root / ".eagle/cache" / stage).glob("*/*/manifest.json")}

    def runs(self) -> list[Run]:
        """All MLflow runs."""
        client = MlflowClient(f"sqlite:///{self.root}/mlflow.db")
        return list(client.search_runs([e.experiment_id for e in client.search_experiments()]))

    def records(self) -> pd.DataFrame:
        """The records of the only run folder."""
        [file] = (self.root / "runs").glob("*/records.parquet")
        return pd.read_parquet(file)

    def newest_records(self) -> pd.DataFrame:
        """The records of the last run."""
        return pd.read_parquet(max((self.root / "runs").glob("*/records.parquet"), key=lambda file: file.stat().st_mtime_ns))

    def metrics(self) -> dict[str, dict[str, float]]:
        """MLflow run name -> metrics."""
        return {run.info.run_name.split(" 0x")[0]: run.data.metrics for run in self.runs()}
