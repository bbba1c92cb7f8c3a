"""The only importer of MLflow: one parent run per benchmark, one child per (dataset, category, MLLM, method).

A run is found again by its tags, so logging twice, or once more after a kill, changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from eagle_core.config import TrackingConfig
from eagle_core.errors import ConfigurationError
from tasks.machinery.store import file_sha256

IDENTITY_TAG = "eagle.identity"
PARAM_LENGTH = 6000
"""MLflow refuses longer parameter values."""

UNNAMEABLE = re.compile(r"[^\w./: -]")
"""Characters that MLflow refuses in the names of parameters, metrics and tags."""


@dataclass(frozen=True, slots=True)
class RunContent:
    """All that is logged of one run."""

    identity: str
    """Unique within the experiment; the same content is logged under the same identity."""
    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artifacts: Sequence[tuple[Path, str]] = ()
    """(file, folder among the run's artifacts; "" for the top)."""


class Tracker:
    """Writes runs to one experiment of one MLflow server or database."""

    def __init__(self, config: TrackingConfig, project: Path) -> None:
        self._client = MlflowClient(tracking_uri=config.tracking_uri)
        local = config.tracking_uri.startswith("sqlite:")
        self._experiment = self._experiment_id(config.experiment, (project / "mlruns").as_uri() if local else None)

    def log(self, content: RunContent, parent: str | None = None) -> str:
        """Write ``content`` and finish its run; returns MLflow's run id.

        Args:
            parent: MLflow's id of the parent run.
        """
        identity = mlflow_name(content.identity)
        run = self._find(identity) or self._create(identity, content.name, parent)
        run_id: str = run.info.run_id
        start: int = run.info.start_time
        tags = {**content.tags, MLFLOW_RUN_NAME: content.name}
        self._client.log_batch(
            run_id,
            params=[Param(mlflow_name(k), str(v)[:PARAM_LENGTH]) for k, v in content.params.items()],
            metrics=[Metric(mlflow_name(k), v, start, 0) for k, v in content.metrics.items()],
            tags=[RunTag(mlflow_name(k), v) for k, v in tags.items()],
        )
        for file, folder in content.artifacts:
            self._log_artifact(run, file, folder)
        self._client.set_terminated(run_id, status="FINISHED")
        return run_id

    def _log_artifact(self, run: Run, file: Path, folder: str) -> None:
        """Upload ``file`` unless the run carries it already with the same bytes."""
        tag = mlflow_name(f"eagle.artifact.{folder}.{file.name}".replace("/", "."))
        digest = file_sha256(file)
        if run.data.tags.get(tag) != digest:
            self._client.log_artifact(run.info.run_id, str(file), folder or None)
            self._client.set_tag(run.info.run_id, tag, digest)

    def _find(self, identity: str) -> Run | None:
        found = self._client.search_runs([self._experiment], f"tags.`{IDENTITY_TAG}` = '{identity}'", max_results=1)
        return found[0] if found else None

    def _create(self, identity: str, name: str, parent: str | None) -> Run:
        tags = {IDENTITY_TAG: identity, MLFLOW_RUN_NAME: name}
        if parent:
            tags[MLFLOW_PARENT_RUN_ID] = parent
        return self._client.create_run(self._experiment, tags=tags, run_name=name)

    def _experiment_id(self, name: str, artifacts: str | None) -> str:
        """The experiment's id; it is made where it is missing, by whichever of two runs comes first."""
        if self._client.get_experiment_by_name(name) is None:
            try:
                self._client.create_experiment(name, artifact_location=artifacts)
            except MlflowException as error:
                if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
                    raise
        experiment: Experiment | None = self._client.get_experiment_by_name(name)
        if experiment is None or experiment.lifecycle_stage != "active":
            raise ConfigurationError(f"tracking.experiment {name!r} was deleted in MLflow; restore it or name another")
        return str(experiment.experiment_id)


def mlflow_name(name: str) -> str:
    """``name`` with what MLflow refuses in names written as ``_u26_``: categories are named by people's folders."""
    return UNNAMEABLE.sub(lambda found: f"_u{ord(found[0]):x}_", name)
