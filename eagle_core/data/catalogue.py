"""Opens a dataset by its configuration: picks the reader, checks categories, and refuses what cannot be used.

Lists files; opens only those that tell how many bits a camera filled (see ``eagle_core.data.audit`` for what is inside).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from eagle_core.config import DatasetConfig
from eagle_core.counted import counted
from eagle_core.data import folder, kolektor_sdd2, mmad, mvtec, real_iad, visa
from eagle_core.data.dataset import Category, Dataset, files_below, images_below, subfolders
from eagle_core.data.depth import with_bit_depth
from eagle_core.data.unread import UNREAD_ENDINGS
from eagle_core.errors import DataError
from eagle_core.records import Sample

__all__ = ["Category", "Dataset", "DatasetFormat", "detect_format", "list_dataset", "load_dataset"]

DatasetFormat = Literal["mvtec", "visa", "mmad", "folder", "real_iad", "kolektor_sdd2"]
DEEPEST = 5
"""Folders within folders that are looked into for a layout."""
LAYOUTS: dict[DatasetFormat, str] = {
    "mvtec": "<category>/train/good/ with images",
    "visa": "split_csv/1cls.csv",
    "mmad": f"one of MMAD's datasets, {mmad.QUESTIONS_FILE} beside it",
    "folder": "<category>/normal/ with images, or images right inside",
    "real_iad": "<category>/OK/ and <category>/NG/ with folders of samples",
    "kolektor_sdd2": "train/ and test/ with <name>.png and <name>_GT.png",
}


def load_dataset(config: DatasetConfig) -> Dataset:
    """List the samples of ``config.root``: all categories, or those that ``config.categories`` names.

    The same folder always gives the same samples in the same order, on every machine.

    Raises:
        DataError: The folder is missing or of another layout, a category is unknown, one has no normal training image
            (unlabelled plain folders excepted: they are there to be predicted), the name of a folder does not tell
            whether its images are normal, an image is listed twice, or two images share a mask.
    """
    dataset = list_dataset(config)
    for category in dataset.categories.values():
        _refuse_unusable(category, config.format)
    return dataset


def list_dataset(config: DatasetConfig) -> Dataset:
    """What ``load_dataset`` lists, of categories too that it would refuse: for the audit to look into.

    Raises:
        DataError: The folder is missing or of another layout, or a category is unknown.
    """
    root = config.root
    if not root.is_dir():
        raise DataError(
            f"{root}: no such folder; set datasets.{config.name}.root, or get the data with "
            f"`eagle data fetch` or `eagle data import DIR --name {config.name}`"
        )
    available = _read(config, root)
    if not available:
        raise DataError(f"{root}: no category of format {config.format} ({LAYOUTS[config.format]}){_hint(root)}")
    wanted = config.categories if config.categories is not None else tuple(available)
    unknown = [name for name in wanted if name not in available]
    if unknown:
        raise DataError(
            f"{root}: no category {', '.join(unknown)}; there are: {', '.join(sorted(available))}"
        )
    categories = {name: with_bit_depth(available[name], config.bit_depth) for name in sorted(set(wanted))}
    return Dataset(config.name, root, categories)


def detect_format(root: Path) -> DatasetFormat | None:
    """The layout that ``root`` has, or None where it has none of those that Eagle reads."""
    if (root / visa.SPLIT_FILE).is_file():
        return "visa"
    if mvtec.category_folders(root):
        return "mvtec"
    if mmad.is_listed(root):
        return "mmad"
    if real_iad.category_folders(root):
        return "real_iad"
    if kolektor_sdd2.category_folders(root):
        return "kolektor_sdd2"
    return "folder" if folder.category_folders(root) else None


def no_layout(root: Path) -> str:
    """Why ``root`` cannot be read, and which folder inside of it could be."""
    inside = next(_with_layout(root), None)
    if inside:
        return f"{root}: no layout that Eagle reads, but {inside} has one ({detect_format(inside)}); give that folder"
    if not images_below(root):
        endings = Counter(path.suffix.lower() for path in files_below(root) if path.suffix.lower() in UNREAD_ENDINGS)
        told = ", ".join(f"{counted(count, 'file')} ({ending})" for ending, count in sorted(endings.items()))
        unread = f", but {told} of formats that are not read; save them as PNG, JPEG or TIFF" if told else "; check the path"
        return f"{root}: no image in this folder or below it{unread}"
    known = "; ".join(f"{text} ({name})" for name, text in LAYOUTS.items())
    return f"{root}: no layout that Eagle reads: {known}; arrange the images in one of them"


def _with_layout(root: Path) -> Iterator[Path]:
    """Folders in ``root``, the nearest first, that have a layout."""
    level = subfolders(root)
    for _ in range(DEEPEST):
        yield from (path for path in level if detect_format(path))
        level = [path for folder in level for path in subfolders(folder)]


def _read(config: DatasetConfig, root: Path) -> dict[str, Category]:
    name = config.name
    if config.format == "visa":
        return visa.read_categories(name, root)
    if config.format == "mmad":
        return {category.name: _sorted(category) for category in mmad.read_categories(name, root).values()}
    categories: list[Category] = []
    if config.format == "mvtec":
        found, labels = mvtec.category_folders(root), dict(config.labels)
        categories = [mvtec.read_category(name, root, category, path, labels) for category, path in found.items()]
    else:
        reader = {"folder": folder, "real_iad": real_iad, "kolektor_sdd2": kolektor_sdd2}[config.format]
        categories = [reader.read_category(name, root, category, path) for category, path in reader.category_folders(root).items()]
    return {category.name: _sorted(category) for category in sorted(categories, key=lambda category: category.name)}


def _sorted(category: Category) -> Category:
    test = tuple(sorted(category.test, key=lambda sample: sample.image_id))
    return dataclasses.replace(category, test=test)


def _refuse_unusable(category: Category, layout: DatasetFormat) -> None:
    is_unlabelled = layout == "folder" and not folder.can_fit(category.folder)
    if not category.train and not is_unlabelled:
        raise DataError(f"{category.folder}: category {category.name} has no normal training image; add some")
    counts = Counter(sample.image_id for sample in category.samples)
    for image_id, count in counts.most_common(1):
        if count > 1:
            raise DataError(f"{category.folder}: {image_id} is listed {count} times; list each image once")
    for mask, samples in shared_masks(category).items():
        names = " and ".join(sample.image_id for sample in samples)
        raise DataError(f"{mask}: one mask for {names}; call each mask as its image (NAME.ENDING_mask.png)")


def shared_masks(category: Category) -> dict[Path, list[Sample]]:
    """Masks that belong to more than one image by their names, with the images."""
    owners: dict[Path, list[Sample]] = {}
    for sample in category.test:
        for mask in sample.masks:
            owners.setdefault(mask, []).append(sample)
    return {mask: samples for mask, samples in owners.items() if len(samples) > 1}


def _hint(root: Path) -> str:
    found = detect_format(root)
    return (
        f"; it looks like format {found}" if found else "; check that root is the folder above the categories"
    )
