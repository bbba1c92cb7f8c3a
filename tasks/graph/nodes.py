"""One function a node. Each takes small plain values and ends in a state that says where its results came from.

They are found by name in whatever process runs them; their Prefect tasks are other objects (``tasks.graph.registry``).
"""

from __future__ import annotations

from collections.abc import Sequence

from prefect.client.schemas.objects import State

from eagle_core.config import EagleConfig
from tasks.graph.values import CategoryResult, FittedCategory, JudgedCategory
from tasks.machinery.stage import NotRun, Result, attempt, ended
from tasks.machinery.store import Entry
from tasks.stages import asking as asking_stage
from tasks.stages import expert, expert_records, figures, knowledge, localisation, memory, threshold
from tasks.stages.answers import Job
from tasks.stages.asking import ECHO_METHODS, Shard, Upstream
from tasks.stages.data import CategoryName


def fit(config: EagleConfig, name: CategoryName) -> State[FittedCategory]:
    """Fit a category's expert and let it read the test images."""
    fitted = attempt("expert", expert.fit, config, name.dataset, name.category)
    read = attempt("predictions", expert.score, config, name.dataset, name.category, fitted)
    return ended(FittedCategory(name, fitted, read), (fitted, read))


def judge(configs: tuple[EagleConfig, ...], fitted: FittedCategory) -> State[tuple[JudgedCategory, ...]]:
    """Threshold, the expert's own verdicts and, for Echo, knowledge of a category, at each of several points."""
    judged = tuple(_judged(config, fitted) for config in configs)
    return ended(judged, (result for one in judged for result in one.results()))


def _judged(config: EagleConfig, fitted: FittedCategory) -> JudgedCategory:
    name = fitted.name
    tau = attempt("threshold", threshold.fit, config, name.dataset, name.category, fitted.expert, fitted.predictions)
    records = known = None
    if "expert" in config.methods:
        records = attempt("expert records", expert_records.write, config, name.dataset, name.category, fitted.predictions, tau)
    if ECHO_METHODS & set(config.methods):
        known = attempt("knowledge", knowledge.gather, config, name.dataset, name.category)
    return JudgedCategory(fitted, tau, records, known)


def localise(config: EagleConfig, fitted: FittedCategory) -> State[Result]:
    """Measure a category's anomaly maps against the masks."""
    name = fitted.name
    measured = attempt("localisation", localisation.measure, config, name.dataset, name.category, fitted.expert, fitted.predictions)
    return ended(measured, (measured,))


def remember(config: EagleConfig, dataset: str, fitted: Sequence[FittedCategory]) -> State[Result]:
    """Echo's memory of a dataset, over all its categories."""
    names, experts = [one.name.category for one in fitted], [one.expert for one in fitted]
    built = attempt("memory", memory.build, config, dataset, names, experts)
    return ended(built, (built,))


def ask(
    configs: tuple[EagleConfig, ...],
    job: Job,
    judged: tuple[JudgedCategory, ...],
    memories: tuple[Result | None, ...],
    shard: Shard,
    asking: tuple[int, ...],
) -> State[tuple[Result, ...]]:
    """One method's questions about a shard, point after point: what points have in common is asked once.

    Args:
        configs: Of all points that share the category's expert.
        job: Which MLLM, method and category.
        judged: What the questions are made from, one for each point.
        memories: Echo's, one for each point; None where the method needs none.
        shard: Which test images.
        asking: Indices of the points that ask; the results are in their order.
    """
    asked = tuple(_asked(configs[i], job, judged[i], memories[i], shard) for i in asking)
    return ended(asked, asked)


def _asked(config: EagleConfig, job: Job, judged: JudgedCategory, remembered: Result | None, shard: Shard) -> Result:
    echo = (remembered, judged.knowledge) if job.method in ECHO_METHODS else (None, None)
    read: list[Entry | None] = []
    for result in (judged.fitted.expert, judged.fitted.predictions, judged.threshold, *echo):
        if isinstance(result, NotRun):
            return result
        read.append(result)
    return attempt("answers", asking_stage.ask, config, job, Upstream(*read), shard)  # type: ignore[arg-type]


def draw(config: EagleConfig, result: CategoryResult) -> State[Result]:
    """Pictures of a category, with whatever methods could be run."""
    name = result.name
    records = [entry for done in result.methods if not isinstance(done.records, NotRun) for entry in done.records]
    drawn = attempt(
        "figures", figures.draw, config, name.dataset, name.category, result.expert, result.predictions, result.threshold, records
    )  # fmt: skip
    return ended(drawn, (drawn,))
