"""The preflight of a whole job: everything that can be known before the first stage that costs more than seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    yield from _once(configs, lambda config: data_findings(config, project))
    yield from _once([config for config in configs if asks_mllm(config)], mllm_findings)
    yield from machine_findings(project)
    yield from _once(configs, expert_findings, lambda config: config.expert.backbone)
    yield from _once(configs, memory_findings, lambda config: (config.expert, config.datasets, config.mllms, config.run))
    yield from _work(configs, project, only)


def _once(
    configs: Sequence[EagleConfig],
    findings: Callable[[EagleConfig], Iterable[Finding]],
    what: Callable[[EagleConfig], object] = lambda config: (config.datasets, config.mllms),
) -> Iterator[Finding]:
    """Findings of all points, each told once; points that are alike in ``what`` are looked at once."""
    different = {repr(what(config)): config for config in reversed(configs)}
    yield from dict.fromkeys(finding for config in reversed(different.values()) for finding in findings(config))


def _work(configs: Sequence[EagleConfig], project: Path, only: tuple[str, str] | None) -> Iterator[Finding]:
    from tasks.machinery.inputs import dataset_of
    from tasks.machinery.journal import read_journal
    from tasks.preflight.work import work_findings, work_of
    from tasks.stages.data import CategoryName

    names: dict[CategoryName, None] = {}
    told: dict[Finding, None] = {}
    for config in configs:
        for dataset in config.datasets:
            if is_generated(config, dataset, project) and not config.datasets[dataset].root.is_dir():
                told[Finding("work", f"{dataset} is generated, and everything is computed")] = None
                continue
            try:
                names |= {CategoryName(dataset, category): None for category in dataset_of(config, dataset).categories}
            except DataError:
                continue
    yield from told
    config = configs[0]
    chosen = list(names)
    if only is not None:
        chosen = [name for name in names if (name.dataset, name.category) == only]
        configs = [config.model_copy(update={"methods": ("expert",)})]
    if chosen:
        yield from work_findings(work_of(configs, chosen), read_journal(config.run.cache_dir))
