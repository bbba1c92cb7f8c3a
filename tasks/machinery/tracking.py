"""The only importer of MLflow beside the model registry (``tasks.carrying``): one parent run per benchmark, one child per (dataset, category, MLLM, method).

A run is found again by its tags, so logging twice, or once more after a kill, changes nothing. While a run is open it
carries the process that writes it, so that the next one can tell what was killed and could not say so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import psutil
from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME
from mlflow.utils.validation import MAX_PARAMS_TAGS_PER_BATCH
from sqlalchemy.exc import DatabaseError

from eagle_core.config import TrackingConfig
from eagle_core.errors import ConfigurationError
from eagle_core.names import short_name
from tasks.machinery.disk import disk_trouble
from tasks.machinery.store import file_sha256

Ending = Literal["FINISHED", "FAILED", "KILLED"]
SQLITE_PREFIX = "sqlite:///"
IDENTITY_TAG = "eagle.identity"
CONTENT_TAG = "eagle.content"
"""SHA-256 of what a finished run holds."""
HOST_TAG, PROCESS_TAG, STARTED_TAG = "eagle.host", "eagle.process", "eagle.process_started"
"""Who writes an open run."""
CLOCK_SECONDS = 2.0
"""By how much the start of one process may be told differently: it is counted from the machine's own, whole seconds."""
PAGE = 1000
PROGRESS = "progress"
"""Metric of a run: the share of its work that is done, 0..1."""
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


class FinishedRuns:
    """Runs that were written to their end, as they stood when they were looked for."""

    def __init__(self, runs: Iterable[Run]) -> None:
        """Of MLflow's runs those that are finished."""
        finished = [run for run in runs if run.info.status == "FINISHED"]
        self._contents = {run.data.tags.get(IDENTITY_TAG): run.data.tags.get(CONTENT_TAG) for run in finished}

    def __contains__(self, identity: object) -> bool:
        """Whether one of this identity is among them."""
        return mlflow_name(str(identity)) in self._contents

    def hold(self, content: RunContent) -> bool:
        """Whether one of them holds this very content."""
        return content.identity in self and self._contents[mlflow_name(content.identity)] == _digest(content)


def ending_of(error: BaseException) -> Ending:
    """Ctrl-C is KeyboardInterrupt, SIGTERM is Prefect's TerminationSignal: neither is an ``Exception``."""
    return "FAILED" if isinstance(error, Exception) else "KILLED"


def import_store(config: TrackingConfig) -> None:
    """Import the store of a SQLite file now, which MLflow does at the first call: a second that may pass while something else starts."""
    if config.tracking_uri.startswith(SQLITE_PREFIX):
        import_module("mlflow.store.tracking.sqlalchemy_store")


class Tracker:
    """Writes runs to one experiment of one MLflow server or database."""

    def __init__(self, config: TrackingConfig, project: Path) -> None:
        self._uri = config.tracking_uri
        local = self._uri.startswith(SQLITE_PREFIX)
        with _one_at_a_time(self._uri):
            if local:
                _make_tables(Path(self._uri.removeprefix(SQLITE_PREFIX)))
            try:
                self._client = MlflowClient(tracking_uri=config.tracking_uri)
            except DatabaseError as error:
                if disk_trouble(error) is not None:
                    raise
                raise ConfigurationError(
                    f"tracking.tracking_uri: {self._uri} cannot be used ({str(error.orig).splitlines()[0]}); move the file away, and a new one is made"
                ) from error
            self._experiment = self._experiment_id(config.experiment, (project / "mlruns").as_uri() if local else None)
        self._starts: dict[str, int] = {}

    def open(self, content: RunContent, parent: str | None = None) -> str:
        """Begin the run of ``content``, or take it up again, as running in this process; returns MLflow's run id."""
        run = self._found_or_made(content, parent)
        run_id: str = run.info.run_id
        try:
            self._describe(run, content)
            self._client.update_run(run_id, status="RUNNING")
        except BaseException as error:  # a new run stands as running from its first moment
            self.close(run_id, ending_of(error))
            raise
        return run_id

    def advance(self, run_id: str, share: float) -> None:
        """Tell which share of an open run is done, 0..1. Told twice, it stands there once."""
        if run_id not in self._starts:
            self._starts[run_id] = self._client.get_run(run_id).info.start_time
        start = self._starts[run_id]
        percent = round(100 * share)
        self._client.log_batch(run_id, metrics=[Metric(PROGRESS, percent / 100, start, percent)])

    def close(self, run_id: str, ending: Ending) -> None:
        """End an open run."""
        self._client.set_terminated(run_id, status=ending)

    def write(self, content: RunContent, parent: str | None = None) -> str:
        """Write ``content`` to its run, which stays as open or closed as it was; returns MLflow's run id.

        Args:
            content: What is written.
            parent: MLflow's id of the parent run.
        """
        run = self._found_or_made(content, parent)
        self._write_to(run, content)
        run_id: str = run.info.run_id
        return run_id

    def log(self, content: RunContent, parent: str | None = None) -> str:
        """``write``, and finish the run. One that is finished with this very content is left alone: nothing is written."""
        run = self._found_or_made(content, parent)
        run_id: str = run.info.run_id
        if not FinishedRuns((run,)).hold(content):
            self._write_to(run, content, {CONTENT_TAG: _digest(content)})
            self.close(run_id, "FINISHED")
        return run_id

    def finished_children(self, parent: str) -> FinishedRuns:
        """Those that were written to their end, found by one search."""
        asked = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}' and attributes.status = 'FINISHED'"
        found: list[Run] = []
        token = None
        while True:
            page = self._client.search_runs([self._experiment], asked, max_results=PAGE, page_token=token)
            found += page
            if not (token := page.token):
                return FinishedRuns(found)

    def close_orphans(self) -> tuple[str, ...]:
        """Mark as killed every run that a process of this machine left open and can no longer close; returns their ids."""
        running = self._client.search_runs(
            [self._experiment], f"attributes.status = 'RUNNING' and tags.`{HOST_TAG}` = '{_host()}'", max_results=PAGE
        )
        orphans = tuple(run.info.run_id for run in running if not _is_alive(run.data.tags))
        for run_id in orphans:
            self.close(run_id, "KILLED")
        return orphans

    def _found_or_made(self, content: RunContent, parent: str | None) -> Run:
        identity = mlflow_name(content.identity)
        with _one_at_a_time(self._uri):
            return self._find(identity) or self._create(identity, content.name, parent)

    def _write_to(self, run: Run, content: RunContent, last: Mapping[str, str] | None = None) -> None:
        """Files after numbers; what tells that they are there, and the tags ``last``, in the end."""
        self._describe(run, content)
        uploaded = [tag for file, folder in content.artifacts for tag in self._uploaded(run, file, folder)]
        told = uploaded + [RunTag(key, value) for key, value in (last or {}).items()]
        for first in range(0, len(told), MAX_PARAMS_TAGS_PER_BATCH):
            self._client.log_batch(run.info.run_id, tags=told[first : first + MAX_PARAMS_TAGS_PER_BATCH])

    def _describe(self, run: Run, content: RunContent) -> None:
        """Write parameters, metrics and tags."""
        start: int = run.info.start_time
        tags = {**content.tags, **_this_process(), MLFLOW_RUN_NAME: content.name}
        self._client.log_batch(
            run.info.run_id,
            params=[Param(mlflow_name(k), str(v)[:PARAM_LENGTH]) for k, v in content.params.items()],
            metrics=[Metric(mlflow_name(k), v, start, 0) for k, v in content.metrics.items()],
            tags=[RunTag(mlflow_name(k), v) for k, v in tags.items()],
        )

    def _uploaded(self, run: Run, file: Path, folder: str) -> Iterator[RunTag]:
        """Upload ``file`` unless the run carries it already with the same bytes; the tag that says so."""
        tag = short_name(mlflow_name(f"eagle.artifact.{folder}.{file.name}".replace("/", ".")))
        digest = file_sha256(file)
        if run.data.tags.get(tag) != digest:
            self._client.log_artifact(run.info.run_id, str(file), folder or None)
            yield RunTag(tag, digest)

    def _find(self, identity: str) -> Run | None:
        found = self._client.search_runs([self._experiment], f"tags.`{IDENTITY_TAG}` = '{identity}'", max_results=1)
        return found[0] if found else None

    def _create(self, identity: str, name: str, parent: str | None) -> Run:
        tags = {IDENTITY_TAG: identity, MLFLOW_RUN_NAME: name, **_this_process()}
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


@contextmanager
def _one_at_a_time(uri: str) -> Iterator[None]:
    """Among processes that share a SQLite file: two would both make its tables, or both the run that neither found."""
    if not uri.startswith(SQLITE_PREFIX):
        yield
        return
    database = Path(uri.removeprefix(SQLITE_PREFIX))
    with database.with_name(f"{database.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_tables(database: Path) -> None:
    """A new database gets its name when its tables are complete: MLflow cannot go on with half of them.

    The first connection makes them; it takes seconds, and a disk may be full, or a process killed, before they are all there.
    """
    if _is_made(database) or "?" in database.name or ":" in database.name:
        return
    aside = database.with_name(f".{database.name}.new")
    for left in (aside, aside.with_name(f"{aside.name}-journal")):
        left.unlink(missing_ok=True)
    try:
        MlflowClient(tracking_uri=f"{SQLITE_PREFIX}{aside}")
        if not _is_made(database):  # `mlflow ui` may have made it meanwhile
            aside.rename(database)
    finally:
        aside.unlink(missing_ok=True)


def _is_made(database: Path) -> bool:
    return database.is_file() and database.stat().st_size > 0


def _digest(content: RunContent) -> str:
    """Of everything that is written, the files by their bytes."""
    files = [(folder, file.name, file_sha256(file)) for file, folder in content.artifacts]
    described = [content.name, content.params, content.metrics, content.tags, files]
    return hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()


def _host() -> str:
    return socket.gethostname().replace("'", "_")


def _this_process() -> dict[str, str]:
    return {HOST_TAG: _host(), PROCESS_TAG: str(os.getpid()), STARTED_TAG: repr(psutil.Process().create_time())}


def _is_alive(tags: Mapping[str, str]) -> bool:
    """Whether the process that opened a run still runs, and is not another one that came to have its number."""
    try:
        started = psutil.Process(int(tags[PROCESS_TAG])).create_time()
        return abs(started - float(tags[STARTED_TAG])) <= CLOCK_SECONDS
    except (psutil.Error, KeyError, ValueError):
        return False


def mlflow_name(name: str) -> str:
    """``name`` with what MLflow refuses in names written as ``_u26_``: categories are named by people's folders."""
    return UNNAMEABLE.sub(lambda found: f"_u{ord(found[0]):x}_", name)
