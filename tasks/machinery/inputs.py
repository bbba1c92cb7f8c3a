"""What the stages read: categories of a dataset, content hashes of images."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path

from eagle_core.config import DatasetConfig, DegradationConfig, EagleConfig
from eagle_core.data.catalogue import Category, Dataset, load_dataset
from eagle_core.data.demo.membership import is_demo_dataset
from eagle_core.records import Sample
from tasks.machinery.store import Store, file_sha256
from tasks.stages.degraded import degraded


def store_of(config: EagleConfig) -> Store:
    """The store of stage results that ``config`` names."""
    return Store(config.run.cache_dir)


def dataset_of(config: EagleConfig, dataset: str) -> Dataset:
    """All samples of a dataset, as they were when a run last asked for its data (``forget_datasets``).

    Raises:
        DataError: It is missing, empty or malformed.
    """
    return _listed(config.datasets[dataset])


def forget_datasets() -> None:
    """List the folders anew at the next question: files may have come or gone since."""
    _listed.cache_clear()
    _is_of_the_demo.cache_clear()


@functools.lru_cache(maxsize=32)
def _listed(config: DatasetConfig) -> Dataset:
    return load_dataset(config)


def is_of_the_demo(config: EagleConfig, dataset: str) -> bool:
    """Whether every image of a dataset is the demo's; looked at once, as in ``dataset_of``."""
    return _is_of_the_demo(config.datasets[dataset].root)


@functools.lru_cache(maxsize=32)
def _is_of_the_demo(root: Path) -> bool:
    return is_demo_dataset(root)


def category_of(config: EagleConfig, dataset: str, category: str) -> Category:
    """Samples of one category, its test images degraded where the configuration says so."""
    found, worse = dataset_of(config, dataset).categories[category], config.datasets[dataset].degradation
    if worse == DegradationConfig():
        return found
    return degraded(found, worse, config.run.cache_dir, config.run.seed)


def image_hashes(samples: Iterable[Sample]) -> dict[str, str]:
    """image_id -> sha256 of the file, and the bits it is read with where they are not all sixteen.

    ``missing`` where there is none (the stage will report it).
    """
    return {s.image_id: content_hash(s.image_path) + ("" if s.bit_depth == 16 else f" {s.bit_depth} bits") for s in samples}


def content_hash(path: Path) -> str:
    """sha256 of a file, read again only when its size or modification time changes."""
    if not path.is_file():
        return "missing"
    if not os.access(path, os.R_OK):
        return "unreadable"
    facts = path.stat()
    return _hash(path, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=200_000)
def _hash(path: Path, size: int, modified_ns: int) -> str:
    return file_sha256(path)


def limit_threads(config: EagleConfig) -> None:
    """Set torch's CPU threads for this process: part of what makes two runs bit-identical.

    Set here rather than by the environment: a cluster's processes are started with one thread each. To be called where
    something is computed: torch is imported here, and what is found in the store needs none of it.
    """
    import torch

    if torch.get_num_threads() != config.run.threads:
        torch.set_num_threads(config.run.threads)
