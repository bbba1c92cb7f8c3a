"""Flow ``benchmark``: the DAG of one configuration. What runs after what, category by category."""

from __future__ import annotations

from prefect import flow
from prefect.futures import PrefectFuture

from eagle_core.config import EagleConfig
from eagle_core.record_table import NO_MLLM
from tasks import answers, expert, expert_records, figures, localisation, threshold
from tasks.answers import Job
from tasks.prepare import CategoryName
from tasks.report import CategoryResult


@flow(name="benchmark", persist_result=False)
def benchmark(config: EagleConfig, categories: list[CategoryName]) -> list[CategoryResult]:
    """Fit, threshold, ask and draw every category; absent stages come back as ``NotRun``."""
    pending = [submit_category(config, name) for name in categories]
    return [CategoryResult(name, {k: f.result() for k, f in stages.items()}) for name, stages in pending]


def submit_category(config: EagleConfig, name: CategoryName) -> tuple[CategoryName, dict[str, PrefectFuture]]:
    """Submit the stages of one category; futures under ``expert``, ``threshold``, … and ``mllm/method``."""
    dataset, category = name.dataset, name.category
    fitted = expert.fit.submit(config, dataset, category)
    predictions = expert.score.submit(config, dataset, category, fitted)
    tau = threshold.fit.submit(config, dataset, category, fitted, predictions)
    maps = localisation.measure.submit(config, dataset, category, fitted, predictions)
    stages = {"expert": fitted, "predictions": predictions, "threshold": tau, "localisation": maps}
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
            asked = answers.ask.submit(config, job, fitted, predictions, tau, wait_for=previous)
            records[f"{mllm}/{method}"] = asked
            previous = [asked]
    drawn = figures.draw.submit(config, dataset, category, fitted, predictions, tau, list(records.values()))
    return name, stages | {"figures": drawn} | records
