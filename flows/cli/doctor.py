"""``eagle doctor``: what this machine can run, before it tries."""

from __future__ import annotations

import typer
from rich.console import Console

from flows.cli.findings import show_findings
from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.machinery.params import load_params, parse_assignments
from tasks.preflight.data import data_findings
from tasks.preflight.libraries import library_findings
from tasks.preflight.machine import machine_findings
from tasks.preflight.weights import expert_findings, memory_findings, mllm_findings


def doctor(profile: ProfileOption = "demo", assignments: SetOption = None, params: ParamsOption = PARAMS) -> None:
    """Check this machine against the configured job: libraries, GPU, weights, data, disk, memory. Exit code 1 on a fault.

    Example:

      eagle doctor --profile paper
    """
    config = load_params(params, profile, parse_assignments(assignments or []))
    project = params.resolve().parent
    console = Console(soft_wrap=True)
    faults = show_findings(data_findings(config, project), console)
    faults += show_findings(mllm_findings(config), console)
    faults += show_findings(library_findings(), console)
    faults += show_findings(machine_findings(project), console)
    faults += show_findings(expert_findings(config), console)
    faults += show_findings(memory_findings(config), console)
    # Imported here: before there are parameters, nobody waits for what reads the store.
    from tasks.preflight.variety import variety_findings

    faults += show_findings(variety_findings(config), console)
    if faults:
        raise typer.Exit(1)
