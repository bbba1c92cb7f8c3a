"""Calls a part of the graph that is a deployment of its own, and refuses to wait for a slot that it holds itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import uuid4

from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run as this_run

from eagle_core.errors import ConfigurationError
from tasks.graph.handover import AnswersMade, AnswersWanted, ExpertsMade, ExpertsWanted, give, take
from tasks.graph.values import MethodResult, Point, Reading
from tasks.machinery.store import Store
from tasks.stages.data import CategoryName

POLL_SECONDS = 2.0
T = TypeVar("T")


def experts_elsewhere(
    points: Sequence[Point], categories: Sequence[Sequence[CategoryName]], *, localise: bool
) -> tuple[Reading, ...]:
    """What ``run.engine.experts`` makes of the points."""
    wanted = ExpertsWanted(tuple(points), tuple(tuple(names) for names in categories), localise)
    return _called(points[0].config.run.engine.experts, points[0], wanted, ExpertsMade).readings


def answers_elsewhere(
    points: Sequence[Point], readings: tuple[Reading, ...]
) -> tuple[tuple[tuple[MethodResult, ...], ...], ...]:
    """What ``run.engine.ask`` answers."""
    wanted = AnswersWanted(tuple(points), readings)
    return _called(points[0].config.run.engine.ask, points[0], wanted, AnswersMade).results


def _called(deployment: str, point: Point, wanted: Any, kind: type[T]) -> T:
    """Hand ``wanted`` over, run the deployment to its end, and take what it made."""
    _refuse_own_slot(deployment)
    store, token = Store(point.config.run.cache_dir), uuid4().hex
    give(store, token, wanted)
    finished = run_deployment(
        deployment, parameters={"store": str(store.root), "token": token}, poll_interval=POLL_SECONDS
    )
    state = finished.state  # type: ignore[union-attr]
    if state is None or not state.is_completed():
        raise ConfigurationError(f"{deployment} ended as {state.name if state else 'unknown'}: {state.message if state else ''}")
    return take(store, token, kind)


def _refuse_own_slot(deployment: str) -> None:
    """A run waits for its parts: in a work pool whose slots it takes itself, both would wait for ever.

    Raises:
        ConfigurationError: There is no such deployment, or it is served by this run's own work pool and that is limited.
    """
    with get_client(sync_client=True) as client:
        try:
            called = client.read_deployment_by_name(deployment)
        except ObjectNotFound as error:
            raise ConfigurationError(
                f"run.engine: there is no deployment {deployment}; make them with `prefect deploy --all`, or set kind: threads"
            ) from error
        own = client.read_flow_run(this_run.root_flow_run_id).work_pool_name
        if own is None or called.work_pool_name != own:
            return
        limit = client.read_work_pool(own).concurrency_limit
        if limit is not None:
            raise ConfigurationError(
                f"run.engine: {deployment} is served by the work pool {own}, which runs {limit} at once and whose slot this run "
                "holds while it waits; give the deployment a work pool and worker of its own"
            )
