"""The second part of the graph: each MLLM answers the questions of all categories, methods and points before the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect.futures import PrefectFuture

from eagle_core.config import EagleConfig, MllmConfig
from eagle_core.records import Method
from flows import live
from flows.naming import named
from flows.progress import Progress
from flows.runners import with_resources
from tasks.graph import registry
from tasks.graph.values import MethodResult, Point, Reading, of_expert, of_shards
from tasks.machinery.stand_in import is_asked
from tasks.stages.answers import Job
from tasks.stages.asking import Shard, shards_of


@dataclass(frozen=True, slots=True)
class Model:
    """An MLLM as it is loaded: points may load one name differently."""

    name: str
    config: MllmConfig


@dataclass(frozen=True, slots=True)
class _Asked:
    """One method of one MLLM on a reading's category."""

    reading: int
    """Index of the reading."""
    model: Model
    method: Method
    asking: tuple[int, ...]
    """Positions, in the reading, of the points that ask."""
    shards: tuple[PrefectFuture[Any], ...]


def models_of(points: Sequence[Point]) -> tuple[Model, ...]:
    """In the order in which they are asked."""
    return tuple(dict.fromkeys(Model(name, mllm) for point in points for name, mllm in point.config.mllms.items()))


def ask_models(
    points: Sequence[Point], readings: Sequence[Reading], progress: Progress
) -> tuple[tuple[tuple[MethodResult, ...], ...], ...]:
    """For each reading, for each of its points, the result of every method, the expert's first."""
    found = [[list(of_expert(judged)) for judged in reading.judged] for reading in readings]
    for reading, results in zip(readings, found, strict=True):
        for judged, mine in zip(reading.judged, results, strict=True):
            for done in mine:
                live.answered(judged, done)
    for model in models_of(points):
        asked = [one for index, reading in enumerate(readings) for one in _ask(points, index, reading, model)]
        # Waited for: the next model is loaded when this one has nothing left to answer.
        for one in asked:
            progress.follow(one.shards)
            answered = [future.result() for future in one.shards]
            for index, position in enumerate(one.asking):
                result = of_shards(model.name, one.method, [shard[index] for shard in answered])
                found[one.reading][position].append(result)
                live.answered(readings[one.reading].judged[position], result)
    return tuple(tuple(tuple(results) for results in reading) for reading in found)


def questions_asked(points: Sequence[Point], readings: Sequence[Reading]) -> int:
    """How many task runs ``ask_models`` will wait for."""
    return sum(
        len(shards_of(points[reading.points[0]].config, reading.name.dataset, reading.name.category))
        for model in models_of(points)
        for reading in readings
        for _ in _methods([points[i].config for i in reading.points], model, reading.name.dataset)
    )


def _methods(configs: Sequence[EagleConfig], model: Model, dataset: str) -> dict[Method, tuple[int, ...]]:
    """Methods that ask ``model`` about ``dataset``, in the configurations' order, with the positions of the points that use them."""
    positions: dict[Method, list[int]] = {}
    for position, config in enumerate(configs):
        if config.mllms.get(model.name) == model.config and is_asked(config, dataset, model.name):
            for method in config.methods:
                if method != "expert":
                    positions.setdefault(method, []).append(position)
    return {method: tuple(mine) for method, mine in positions.items()}


def _ask(points: Sequence[Point], index: int, reading: Reading, model: Model) -> list[_Asked]:
    """One method after the other, so that each finds the answers that it shares with the last."""
    configs = tuple(points[i].config for i in reading.points)
    shards = shards_of(configs[0], reading.name.dataset, reading.name.category)
    previous: Sequence[PrefectFuture[Any] | None] = [None] * len(shards)
    asked = []
    for method, asking in _methods(configs, model, reading.name.dataset).items():
        job = Job(reading.name.dataset, reading.name.category, model.name, method)
        submitted = [
            _submit(configs, job, reading, shard, asking, after) for shard, after in zip(shards, previous, strict=True)
        ]
        asked.append(_Asked(index, model, method, asking, tuple(submitted)))
        previous = submitted
    return asked


def _submit(
    configs: tuple[EagleConfig, ...],
    job: Job,
    reading: Reading,
    shard: Shard,
    asking: tuple[int, ...],
    after: PrefectFuture[Any] | None,
) -> PrefectFuture[Any]:
    node = named(registry.ASK, f"ask {job.mllm} {job.method} {job.category}{shard}")
    with with_resources(configs[0].run.engine):
        return node.submit(
            configs, job, reading.judged, reading.memories, shard, asking, wait_for=[] if after is None else [after]
        )
