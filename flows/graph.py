"""Flow ``graph``: the DAG of one or many points, model by model. Run, sweep and experiments are this one graph.

Experts and thresholds fan out over categories; then each MLLM answers the questions of all categories, methods and
points, shard by shard, before the next is loaded; pictures come last.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from prefect import flow

from flows.elsewhere import answers_elsewhere, experts_elsewhere
from flows.experts import fit_experts, groups_of
from flows.live import ended_by_errors
from flows.naming import named
from flows.progress import ANSWERS, EXPERTS, Progress
from flows.questions import ask_models, questions_asked
from tasks.graph import registry
from tasks.graph.values import CategoryResult, Point
from tasks.stages.data import CategoryName


@flow(name="graph", persist_result=False)
def graph(
    points: Sequence[Point], categories: Sequence[Sequence[CategoryName]], *, pictures: bool
) -> list[list[CategoryResult]]:
    """Every category at every point, in their order; stages that could not run are ``NotRun``.

    Args:
        points: Configurations; what they have in common is computed once.
        categories: Of each point.
        pictures: Measure localisation and draw each category too, as a single run shows them.
    """
    with ended_by_errors():
        return _results(points, categories, pictures=pictures)


def _results(
    points: Sequence[Point], categories: Sequence[Sequence[CategoryName]], *, pictures: bool
) -> list[list[CategoryResult]]:
    if points[0].config.run.engine.kind == "deployments":
        readings = experts_elsewhere(points, categories, localise=pictures)
        answered = answers_elsewhere(points, readings)
        progress = Progress("pictures", len(readings), ANSWERS)
    else:
        groups = groups_of(points, categories)
        readings = fit_experts(groups, Progress("experts", len(groups) * (3 if pictures else 2), EXPERTS), localise=pictures)
        progress = Progress("answers", questions_asked(points, readings) + len(groups) * pictures, ANSWERS)
        answered = ask_models(points, readings, progress)
    found: list[list[CategoryResult]] = [[] for _ in points]
    for reading, methods in zip(readings, answered, strict=True):
        for index, judged, memory, done in zip(reading.points, reading.judged, reading.memories, methods, strict=True):
            found[index].append(CategoryResult(judged, done, memory, reading.localisation))
    return [_drawn(point, results, progress) for point, results in zip(points, found, strict=True)] if pictures else found


def _drawn(point: Point, results: Sequence[CategoryResult], progress: Progress) -> list[CategoryResult]:
    """``results`` with pictures of each category."""
    drawn = [
        named(registry.DRAW, f"draw {result.name.category}").submit(point.config, result) for result in results
    ]
    progress.follow(drawn)
    return [dataclasses.replace(result, figures=future.result()) for result, future in zip(results, drawn, strict=True)]
