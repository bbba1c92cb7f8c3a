"""The first part of the graph: experts, thresholds, localisation, memories, knowledge, category by category."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from prefect.futures import PrefectFuture

from eagle_core.config import EagleConfig
from flows.naming import named
from flows.progress import Progress
from flows.runners import with_resources
from tasks.graph import registry
from tasks.graph.values import Point, Reading
from tasks.stages.asking import ECHO_METHODS
from tasks.stages.data import CategoryName

Future = PrefectFuture[Any]


@dataclass(frozen=True, slots=True)
class Group:
    """A category and the points that share its expert."""

    name: CategoryName
    points: tuple[int, ...]
    configs: tuple[EagleConfig, ...]


@dataclass(frozen=True, slots=True)
class _Submitted:
    """What becomes of a group."""

    group: Group
    fitted: Future
    judged: Future
    localised: Future | None


def groups_of(points: Sequence[Point], categories: Sequence[Sequence[CategoryName]]) -> tuple[Group, ...]:
    """Each category of each point once for all points that differ only behind the expert, in the points' order."""
    members: dict[tuple[Hashable, ...], list[int]] = {}
    for index, (point, names) in enumerate(zip(points, categories, strict=True)):
        for name in names:
            shared = (point.config.expert, point.config.datasets[name.dataset], point.config.run.seed, name)
            members.setdefault(shared, []).append(index)
    return tuple(
        Group(key[-1], tuple(mine), tuple(points[i].config for i in mine))  # type: ignore[arg-type]
        for key, mine in members.items()
    )


def fit_experts(groups: Sequence[Group], progress: Progress, *, localise: bool) -> tuple[Reading, ...]:
    """A reading of each group, once everything is there that questions are made from."""
    fitted = [_fit(group) for group in groups]
    submitted = [_judge(group, made, localise=localise) for group, made in zip(groups, fitted, strict=True)]
    remembered = _remember(submitted)
    progress.follow([*fitted, *(s.judged for s in submitted), *(s.localised for s in submitted if s.localised)])
    return tuple(
        Reading(
            s.group.name,
            s.group.points,
            s.judged.result(),
            tuple(_memory(remembered, config, s.group.name) for config in s.group.configs),
            s.localised.result() if s.localised else None,
        )
        for s in submitted
    )


def _fit(group: Group) -> Future:
    config = group.configs[0]
    with with_resources(config.run.engine):
        return named(registry.FIT, f"fit {group.name.category}").submit(config, group.name)


def _judge(group: Group, fitted: Future, *, localise: bool) -> _Submitted:
    category = group.name.category
    judged = named(registry.JUDGE, f"threshold {category}").submit(group.configs, fitted)
    measured = named(registry.LOCALISE, f"localise {category}").submit(group.configs[0], fitted) if localise else None
    return _Submitted(group, fitted, judged, measured)


def _memory_key(config: EagleConfig, dataset: str) -> tuple[Hashable, ...] | None:
    """What tells memories apart; None where no method asks for one."""
    if not ECHO_METHODS & set(config.methods):
        return None
    return (dataset, config.datasets[dataset], config.expert, config.run.seed, config.echo.encoder, config.echo.exact_below)


def _remember(submitted: Sequence[_Submitted]) -> dict[tuple[Hashable, ...], Future]:
    """Echo's memory of each dataset over all its categories, once for all points that share it."""
    wanted: dict[tuple[Hashable, ...], tuple[EagleConfig, list[Future]]] = {}
    for one in submitted:
        for config in one.group.configs:
            key = _memory_key(config, one.group.name.dataset)
            if key is not None:
                futures = wanted.setdefault(key, (config, []))[1]
                if one.fitted not in futures:
                    futures.append(one.fitted)
    return {
        key: named(registry.REMEMBER, f"remember {key[0]}").submit(config, key[0], futures)
        for key, (config, futures) in wanted.items()
    }


def _memory(remembered: dict[tuple[Hashable, ...], Future], config: EagleConfig, name: CategoryName) -> Any:
    key = _memory_key(config, name.dataset)
    return None if key is None else remembered[key].result()
