"""What a preflight found, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from tasks.preflight.finding import Finding


def show_findings(findings: Iterable[Finding], console: Console) -> int:
    """Print each as it is found; returns the number of faults."""
    faults = 0
    for finding in findings:
        faults += finding.fault
        mark = "[red]✗[/]" if finding.fault else "[green]✓[/]"
        console.print(f"{mark} {finding.topic:<10} {escape(finding.text)}", highlight=False)
    return faults
