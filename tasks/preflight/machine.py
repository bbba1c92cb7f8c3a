"""Processor, memory, disk, accelerators."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from eagle_core.counted import counted
from tasks.preflight.finding import Finding

GIB = 2**30


def machine_findings(project: Path) -> Iterator[Finding]:
    """What this machine has. Imports torch, which knows the accelerators."""
    import torch

    memory = psutil.virtual_memory()
    yield Finding("processor", f"{counted(psutil.cpu_count() or 1, 'core')}, torch {torch.__version__}")
    yield Finding("memory", f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free")
    disk = shutil.disk_usage(project)
    yield Finding("disk", f"{disk.free / GIB:.1f} GiB free", fault=disk.free < GIB)
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            facts = torch.cuda.get_device_properties(index)
            yield Finding("GPU", f"cuda:{index} {facts.name}, {facts.total_memory / GIB:.0f} GiB")
    else:
        yield Finding("GPU", "none: everything runs on the processor")
