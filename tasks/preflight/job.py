"""The preflight of a whole job: everything that can be known before the first stage that costs more than seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError, DataError
from tasks.preflight.data import data_findings, is_generated, refuse_without_data
from tasks.preflight.finding import Finding
from tasks.preflight.machine import machine_findings
from tasks.preflight.weights import asks_mllm, expert_findings, memory_findings, mllm_findings


def refuse_hopeless(config: EagleConfig, project: Path) -> tuple[Finding, ...]:
    """What will be missing in a job that can still run in part. Imports nothing heavy.

    Raises:
        DataError: No dataset is there.
        ConfigurationError: Every method asks an MLLM, and none can be had.
    """
    faults = refuse_without_data(config, project)
    if not asks_mllm(config):
        return faults
    asked = tuple(mllm_findings(config))
    absent = tuple(finding for finding in asked if finding.fault)
    if "expert" not in config.methods and absent and len(absent) == len(asked):
        raise ConfigurationError("nothing can be run: " + "; ".join(finding.text for finding in absent))
    return (*faults, *absent)


def job_findings(configs: Sequence[EagleConfig], project: Path, only: tuple[str, str] | None = None) -> Iterator[Finding]:
    """Every finding, the quick ones first.

    Args:
        configs: Of all points of a sweep; one for a run.
        project: Folder of params.yaml.
        only: (dataset, category) of an inspection, which asks none of the benchmark's questions; None: all of them.
    """
    config = configs[0]
    yield from data_findings(config, project)
    if asks_mllm(config):
        yield from mllm_findings(config)
    yield from machine_findings(project)
    yield from expert_findings(config)
    yield from memory_findings(config)
    yield from _work(configs, project, only)


def _work(configs: Sequence[EagleConfig], project: Path, only: tuple[str, str] | None) -> Iterator[Finding]:
    from tasks.machinery.inputs import dataset_of
    from tasks.machinery.journal import read_journal
    from tasks.preflight.work import work_findings, work_of
    from tasks.stages.data import CategoryName

    config = configs[0]
    names = []
    for dataset in config.datasets:
        if is_generated(config, dataset, project) and not config.datasets[dataset].root.is_dir():
            yield Finding("work", f"{dataset} is generated, and everything is computed")
            continue
        try:
            names += [CategoryName(dataset, category) for category in dataset_of(config, dataset).categories]
        except DataError:
            continue
    if only is not None:
        names = [name for name in names if (name.dataset, name.category) == only]
        configs = [config.model_copy(update={"methods": ("expert",)})]
    if names:
        yield from work_findings(work_of(configs, names), read_journal(config.run.cache_dir))
