"""Deployments ``eagle/experts`` and ``eagle/ask``: the two parts of the graph on machines of different kinds.

Each takes what it is to do from the store and leaves what it made there; both are called by ``flows.elsewhere``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.experts import fit_experts, groups_of
from flows.progress import ANSWERS, EXPERTS, Progress
from flows.questions import ask_models, questions_asked
from tasks.graph.handover import AnswersMade, AnswersWanted, ExpertsMade, ExpertsWanted, give, take
from tasks.graph.values import Point
from tasks.machinery.inputs import forget_datasets
from tasks.machinery.store import Store


@flow(name="eagle", persist_result=False)
def experts(store: str, token: str) -> None:
    """Experts, thresholds, localisation, memories and knowledge of what was asked for under ``token``."""
    forget_datasets()
    wanted = take(Store(Path(store)), token, ExpertsWanted)
    _experts.with_options(task_runner=_threads(wanted.points))(wanted, store, token)


@flow(name="eagle", persist_result=False)
def ask(store: str, token: str) -> None:
    """The answers of all MLLMs to what was asked for under ``token``."""
    forget_datasets()
    wanted = take(Store(Path(store)), token, AnswersWanted)
    _ask.with_options(task_runner=_threads(wanted.points))(wanted, store, token)


@flow(name="experts", persist_result=False)
def _experts(wanted: ExpertsWanted, store: str, token: str) -> None:
    groups = groups_of(wanted.points, wanted.categories)
    progress = Progress("experts", len(groups) * (3 if wanted.localise else 2), EXPERTS)
    give(Store(Path(store)), token, ExpertsMade(fit_experts(groups, progress, localise=wanted.localise)))


@flow(name="ask", persist_result=False)
def _ask(wanted: AnswersWanted, store: str, token: str) -> None:
    progress = Progress("answers", questions_asked(wanted.points, wanted.readings), ANSWERS)
    give(Store(Path(store)), token, AnswersMade(ask_models(wanted.points, wanted.readings, progress)))


def _threads(points: tuple[Point, ...]) -> TaskRunner[Any]:
    """As many as ``run.engine.workers``: a part is one process."""
    return ThreadPoolTaskRunner(max_workers=points[0].config.run.engine.workers)
