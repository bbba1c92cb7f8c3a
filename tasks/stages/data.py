"""Stage of the data: make sure each dataset is there, as pinned, and list its categories."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.data.demo.manifest import is_complete
from eagle_core.data.remarks import remarks_about
from eagle_core.errors import DataError
from tasks.machinery.dataset import dataset_hash, ensure_demo
from tasks.machinery.inputs import dataset_of, forget_datasets
from tasks.machinery.journal import noted
from tasks.machinery.stage import NotRun

LOG = logging.getLogger("eagle.data")


@dataclass(frozen=True, slots=True)
class CategoryName:
    """A category of a dataset."""

    dataset: str
    category: str


@dataclass(frozen=True, slots=True)
class AvailableData:
    """The datasets that are there, with their DVC hashes, and why the others are not."""

    hashes: dict[str, str]
    categories: list[CategoryName]
    absent: dict[str, NotRun]
    remarks: tuple[str, ...] = ()
    """What has to be known about the images, beside every result."""


def prepare_data(config: EagleConfig, project: Path) -> AvailableData:
    """Generate and verify the demo where it is asked for; list what there is."""
    with noted(config.run.cache_dir, "data"):
        return _prepared(config, project)


def _prepared(config: EagleConfig, project: Path) -> AvailableData:
    hashes: dict[str, str] = {}
    categories: list[CategoryName] = []
    absent: dict[str, NotRun] = {}
    remarks: list[str] = []
    for name in config.datasets:
        try:
            forget_datasets()
            if _is_demo(config, name, project):
                ensure_demo(config.datasets[name].root, project)
            found = dataset_of(config, name).categories
            categories += [CategoryName(name, category) for category in found]
            hashes[name] = dataset_hash(config.datasets[name].root)
            for category in found.values():
                remarks += [f"{name}/{remark}" for remark in remarks_about(category, config.expert.preprocessing)]
        except DataError as error:
            LOG.warning("dataset %s not run: %s", name, error)
            absent[name] = NotRun("data", str(error))
    for remark in remarks:
        LOG.warning("%s", remark)
    return AvailableData(hashes, categories, absent, tuple(remarks))


def ensure_available(config: EagleConfig, dataset: str, project: Path) -> None:
    """Generate the demo where ``dataset`` is the demo and a file of it is missing; every other dataset must be there already.

    Bytes are not compared, as a run does: what is fitted is kept under the hashes of the images that it was fitted on.
    """
    if _is_demo(config, dataset, project) and not is_complete(config.datasets[dataset].root):
        ensure_demo(config.datasets[dataset].root, project)
        forget_datasets()


def _is_demo(config: EagleConfig, dataset: str, project: Path) -> bool:
    return config.datasets[dataset].root == project / "data" / "demo"
