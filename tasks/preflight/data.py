"""Are the data there? Lists folders, opens nothing, and imports nothing heavy: known within a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.counted import counted
from eagle_core.data.catalogue import Dataset
from eagle_core.errors import DataError
from tasks.machinery.inputs import dataset_of, forget_datasets
from tasks.preflight.finding import Finding


def is_generated(config: EagleConfig, dataset: str, project: Path) -> bool:
    """Whether ``dataset`` is the project's demo, which a run makes where it is missing."""
    return config.datasets[dataset].root == project / "data" / "demo"


def data_findings(config: EagleConfig, project: Path) -> Iterator[Finding]:
    """A line for each dataset, as it is now."""
    forget_datasets()
    for name in config.datasets:
        if is_generated(config, name, project) and not config.datasets[name].root.is_dir():
            yield Finding("data", f"{name}: not here yet; it is generated first")
            continue
        try:
            yield Finding("data", f"{name}: {_counted(dataset_of(config, name))}")
        except DataError as error:
            yield Finding("data", str(error), fault=True)


def refuse_without_data(config: EagleConfig, project: Path) -> tuple[Finding, ...]:
    """Faults of single datasets; a job can run without these.

    Raises:
        DataError: There is no dataset at all to run on; the message says how to get them.
    """
    found = tuple(data_findings(config, project))
    faults = tuple(finding for finding in found if finding.fault)
    if found and len(faults) == len(found):
        raise DataError("nothing can be run: " + "; ".join(finding.text for finding in faults))
    return faults


def _counted(dataset: Dataset) -> str:
    categories = dataset.categories.values()
    train, test = sum(len(c.train) for c in categories), sum(len(c.test) for c in categories)
    return f"{counted(len(dataset.categories), 'category')}, {train} training and {counted(test, 'test image')}"
