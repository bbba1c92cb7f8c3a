"""A category as it would be: links to its files and to the new ones, aside. The data themselves are not touched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.data.additions import free_names
from eagle_core.data.dataset import CALIBRATION, Category, files_below, images_in
from eagle_core.errors import ConfigurationError
from tasks.machinery.inputs import category_of, dataset_of

LAYOUTS = ("folder", "mvtec")


@dataclass(frozen=True, slots=True)
class Planned:
    """Where each new image will lie."""

    folder: Path
    """Of the category's normal (or calibration) images; it need not be there yet."""
    names: dict[Path, str]
    """By the file it is copied from."""


def plan(config: EagleConfig, dataset: str, category: str, paths: Sequence[Path], *, calibration: bool) -> Planned:
    """Names that are free, in the folder of the normal images or beside it in ``calibration``.

    Raises:
        ConfigurationError: The dataset's layout has no folder that images could be put into.
    """
    layout = config.datasets[dataset].format
    if layout not in LAYOUTS:
        raise ConfigurationError(f"datasets.{dataset} has the layout {layout}: images can be added to {' and '.join(LAYOUTS)} only")
    known = category_of(config, dataset, category)
    folder = known.folder / CALIBRATION if calibration else _folder_of_normal(known)
    taken = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return Planned(folder, dict(zip(paths, free_names(paths, taken), strict=True)))


def _folder_of_normal(category: Category) -> Path:
    """Where most normal images lie: they may be in sub-folders too."""
    folders = {sample.image_path.parent for sample in category.train}
    return max(sorted(folders), key=lambda folder: len(images_in(folder)))


@contextmanager
def staged(config: EagleConfig, dataset: str, category: str, planned: Planned) -> Iterator[EagleConfig]:
    """``config`` with a dataset of links to the category's files and to the planned ones.

    Image ids are the same as after the images were added, so whatever is computed here is found in the store then.
    """
    root, known = dataset_of(config, dataset).root, category_of(config, dataset, category)
    config.run.cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=config.run.cache_dir) as scratch:
        # A dataset that is one category is called by its folder.
        copy = Path(scratch) / root.absolute().name
        links = {path: path.relative_to(root) for path in files_below(known.folder)}
        links |= {path: (planned.folder / name).relative_to(root) for path, name in planned.names.items()}
        for path, place in links.items():
            target = copy / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(os.path.realpath(path))
        there = config.datasets[dataset].model_copy(update={"root": copy})
        yield config.model_copy(update={"datasets": {**config.datasets, dataset: there}})
