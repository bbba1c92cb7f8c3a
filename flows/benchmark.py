"""Flow ``benchmark``: the DAG of one configuration. What runs after what, category by category."""

from __future__ import annotations

from prefect import flow
from prefect.futures import PrefectFuture

from eagle_core.config import EagleConfig
from eagle_core.record_table import NO_MLLM
from tasks.report.conclusion import CategoryResult
from tasks.stages import answers, expert, expert_records, figures, knowledge, localisation, memory, threshold
from tasks.stages.answers import ECHO_METHODS, Job
from tasks.stages.data import CategoryName


@flow(name="benchmark", persist_result=False)
def benchmark(config: EagleConfig, categories: list[CategoryName]) -> list[CategoryResult]:
    """Fit, threshold, ask and draw every category; absent stages come back as ``NotRun``."""
    fitted = {name: expert.fit.submit(config, name.dataset, name.category) for name in categories}
    memories = _memories(config, fitted) if ECHO_METHODS & set(config.methods) else {}
    pending = [submit_category(config, name, fitted[name], memories.get(name.dataset)) for name in categories]
    return [CategoryResult(name, {k: f.result() for k, f in stages.items()}) for name, stages in pending]


def _memories(config: EagleConfig, fitted: dict[CategoryName, PrefectFuture]) -> dict[str, PrefectFuture]:
    """Echo's memory of each dataset, over all its categories."""
    memories = {}
    for dataset in dict.fromkeys(name.dataset for name in fitted):
        mine = [name for name in fitted if name.dataset == dataset]
        names, experts = [name.category for name in mine], [fitted[name] for name in mine]
        memories[dataset] = memory.build.submit(config, dataset, names, experts)
    return memories


def submit_category(
    config: EagleConfig, name: CategoryName, fitted: PrefectFuture, remembered: PrefectFuture | None
) -> tuple[CategoryName, dict[str, PrefectFuture]]:
    """Submit the stages of one category; futures under ``expert``, ``threshold``, … and ``mllm/method``."""
    dataset, category = name.dataset, name.category
    predictions = expert.score.submit(config, dataset, category, fitted)
    tau = threshold.fit.submit(config, dataset, category, fitted, predictions)
    maps = localisation.measure.submit(config, dataset, category, fitted, predictions)
    stages = {"expert": fitted, "predictions": predictions, "threshold": tau, "localisation": maps}
    if remembered is not None:
        stages["knowledge"] = knowledge.gather.submit(config, dataset, category)
    records = {}
    if "expert" in config.methods:
        records[f"{NO_MLLM}/expert"] = expert_records.write.submit(config, dataset, category, predictions, tau)
    for mllm in config.mllms:
        previous: list[PrefectFuture] = []
        for method in config.methods:
            if method == "expert":
                continue
            job = Job(dataset, category, mllm, method)
            # One method after the other, so that each finds the answers that it shares with the last.
            read: tuple[PrefectFuture | None, ...] = (fitted, predictions, tau)
            if method in ECHO_METHODS:
                read = (*read, remembered, stages["knowledge"])
            asked = answers.ask.submit(config, job, *read, wait_for=previous)
            records[f"{mllm}/{method}"] = asked
            previous = [asked]
    drawn = figures.draw.submit(config, dataset, category, fitted, predictions, tau, list(records.values()))
    return name, stages | {"figures": drawn} | records
