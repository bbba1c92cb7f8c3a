"""``eagle doctor``: what this machine can run, before it tries."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
import typer
from rich.console import Console
from rich.markup import escape

from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from eagle_core.expert.memory import estimate_fit_bytes
from eagle_core.mllm.loading import locate
from eagle_core.mllm.memory import check_memory, weight_bytes
from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.machinery.inputs import backbone, dataset_of
from tasks.machinery.params import load_params, parse_assignments

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the machine; a fault keeps the configured job from running in full."""

    topic: str
    text: str
    fault: bool = False


def doctor(profile: ProfileOption = "demo", assignments: SetOption = None, params: ParamsOption = PARAMS) -> None:
    """Check this machine against the configured job: GPU, weights, data, disk, memory. Exit code 1 on a fault.

    Example:

      eagle doctor --profile paper
    """
    config = load_params(params, profile, parse_assignments(assignments or []))
    console = Console(soft_wrap=True)
    faults = 0
    for finding in (*machine(params.resolve().parent), *weights(config), *data(config)):
        faults += finding.fault
        mark = "[red]✗[/]" if finding.fault else "[green]✓[/]"
        console.print(f"{mark} {finding.topic:<10} {escape(finding.text)}", highlight=False)
    if faults:
        raise typer.Exit(1)


def machine(project: Path) -> Iterator[Finding]:
    """Processor, memory, disk, accelerators."""
    memory = psutil.virtual_memory()
    yield Finding("processor", f"{psutil.cpu_count()} cores, torch {torch.__version__}")
    yield Finding("memory", f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free")
    disk = shutil.disk_usage(project)
    yield Finding("disk", f"{disk.free / GIB:.1f} GiB free", fault=disk.free < GIB)
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            facts = torch.cuda.get_device_properties(index)
            yield Finding("GPU", f"cuda:{index} {facts.name}, {facts.total_memory / GIB:.0f} GiB")
    else:
        yield Finding("GPU", "none: everything runs on the processor")


def weights(config: EagleConfig) -> Iterator[Finding]:
    """Whether the weights that the job asks for can be had."""
    try:
        fingerprint = backbone(config.expert.backbone, "cpu").fingerprint
        yield Finding("expert", f"backbone {config.expert.backbone.name} ({fingerprint[:12]})")
    except EagleError as error:
        yield Finding("expert", str(error), fault=True)
    for name, mllm in config.mllms.items():
        try:
            if mllm.endpoint is not None:
                yield Finding("MLLM", f"{name}: {mllm.model}, served at {mllm.endpoint.url}")
                continue
            found = locate(mllm)
            check_memory(name, found.folder, mllm)
            size = weight_bytes(found.folder, mllm) / GIB
            yield Finding("MLLM", f"{name}: {found}; weights of {size:.2f} GiB on {mllm.device}")
        except EagleError as error:
            yield Finding("MLLM", f"{name}: {error}", fault=True)


def data(config: EagleConfig) -> Iterator[Finding]:
    """Whether the data are there, and the memory that the largest category needs."""
    available = psutil.virtual_memory().available
    for name in config.datasets:
        try:
            categories = dataset_of(config, name).categories
        except EagleError as error:
            remedy = "; `eagle run` generates it" if name == "demo" else ""
            yield Finding("data", f"{error}{remedy}", fault=name != "demo")
            continue
        largest = max(len(c.train) for c in categories.values())
        needed = estimate_fit_bytes(largest, config.expert)
        images = sum(len(c.train) + len(c.test) for c in categories.values())
        text = f"{name}: {len(categories)} categories, {images} images; fitting needs about {needed / GIB:.2f} GiB"
        yield Finding("data", text, fault=needed > available)
