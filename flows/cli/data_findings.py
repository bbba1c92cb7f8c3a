"""How ``eagle data check`` and ``import`` show what an audit found."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eagle_core.counted import counted
from eagle_core.data.audit import grouped
from eagle_core.data.audit.finding import Group, Severity
from eagle_core.data.corrected import Corrected
from eagle_core.names import printable
from tasks.acquisition import Audited

SHOWN = 3
"""Files of each kind of finding."""
_COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow", "info": "dim"}


def described(audited: Audited) -> dict[str, object]:
    """An audit as JSON values: every finding, and a summary by code."""
    counts = {
        c.name: {"train": len(c.train), "test": len(c.test)} for c in audited.dataset.categories.values()
    }
    return {
        "root": printable(str(audited.dataset.root)),
        "format": audited.layout,
        "categories": counts,
        "summary": [_summary(group) for group in grouped(audited.findings)],
        "findings": [asdict(finding) | {"message": printable(finding.message)} for finding in audited.findings],
    }


def corrected(copy: Corrected) -> dict[str, object]:
    """A corrected copy as JSON values."""
    return asdict(copy) | {"folder": printable(str(copy.folder))}


def show(audited: Audited) -> None:
    """Print the categories as a table, then each kind of finding: how many, the first files, and what to do."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    apart = any(category.calibration for category in audited.dataset.categories.values())
    categories = Table("category", "train", *(["calibration"] if apart else []), "test normal", "test defective", "unlabelled", "masks")
    for category in audited.dataset.categories.values():
        labels = Counter(sample.is_defective for sample in category.test)
        masks = sum(sample.mask_path is not None for sample in category.test)
        numbers = (len(category.train), *([len(category.calibration)] if apart else []), labels[False], labels[True], labels[None], masks)
        categories.add_row(escape(category.name), *map(str, numbers))
    console.print(categories)
    for group in grouped(audited.findings):
        _show_group(console, group)
    severities = Counter(finding.severity for finding in audited.findings)
    console.print(
        ", ".join(counted(severities[s], s, "info" if s == "info" else None) for s in ("error", "warning", "info"))
    )


def show_corrected(copy: Corrected) -> None:
    """Print what a corrected copy came to."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"corrected copy: {escape(printable(str(copy.folder)))}: {counted(copy.images, 'image')}, {copy.renamed} under another name, "
        f"{counted(copy.masks_rewritten, 'mask')} rewritten, {len(copy.left_out)} left out"
    )
    for reason in copy.left_out:
        console.print(f"  left out: {escape(printable(reason))}")


def _show_group(console: Console, group: Group) -> None:
    more = f", and {len(group.files) - SHOWN} more" if len(group.files) > SHOWN else ""
    files = ", ".join(group.files[:SHOWN]) + more
    colour = _COLOURS[group.severity]
    console.print(
        f"[{colour}]{group.severity}[/] [bold]{group.kind}[/] ({len(group.files)}): {escape(files)}", soft_wrap=True, highlight=False
    )
    console.print(f"    {escape(printable(group.message))}", soft_wrap=True, highlight=False)
    console.print(f"    to do: {escape(group.remedy)}", soft_wrap=True, highlight=False)


def _summary(group: Group) -> dict[str, object]:
    return {
        "code": group.kind,
        "severity": group.severity,
        "count": len(group.files),
        "first": list(group.files[:SHOWN]),
        "what": printable(group.message),
        "to_do": group.remedy,
        "fixable": group.is_fixable,
    }
