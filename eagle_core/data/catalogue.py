"""Opens a dataset by its configuration: picks the reader, checks categories, and refuses what cannot be used.

Lists files; opens none of them (see ``eagle_core.data.audit`` for what is inside).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

from eagle_core.config import DatasetConfig
from eagle_core.data import folder, mmad, mvtec, visa
from eagle_core.data.dataset import Category, Dataset
from eagle_core.errors import DataError

__all__ = ["Category", "Dataset", "DatasetFormat", "detect_format", "load_dataset"]

DatasetFormat = Literal["mvtec", "visa", "mmad", "folder"]
_LAYOUTS: dict[DatasetFormat, str] = {
    "mvtec": "<category>/train/good/ with images",
    "visa": "split_csv/1cls.csv",
    "mmad": f"one of MMAD's datasets, {mmad.QUESTIONS_FILE} beside it",
    "folder": "<category>/normal/ with images, or images right inside",
}


def load_dataset(config: DatasetConfig) -> Dataset:
    """List the samples of ``config.root``: all categories, or those that ``config.categories`` names.

    The same folder always gives the same samples in the same order, on every machine.

    Raises:
        DataError: The folder is missing or of another layout, a category is unknown, or one has no normal
            training image (unlabelled plain folders excepted: they are there to be predicted).
    """
    root = config.root
    if not root.is_dir():
        raise DataError(
            f"{root}: no such folder; set datasets.{config.name}.root, or get the data with "
            f"`eagle data fetch` or `eagle data import DIR --name {config.name}`"
        )
    available = _read(config.name, root, config.format)
    if not available:
        raise DataError(
            f"{root}: no category of format {config.format} ({_LAYOUTS[config.format]}){_hint(root)}"
        )
    wanted = config.categories if config.categories is not None else tuple(available)
    unknown = [name for name in wanted if name not in available]
    if unknown:
        raise DataError(
            f"{root}: no category {', '.join(unknown)}; there are: {', '.join(sorted(available))}"
        )
    categories = {name: available[name] for name in sorted(set(wanted))}
    for category in categories.values():
        _refuse_unusable(category, config.format)
    return Dataset(config.name, root, categories)


def detect_format(root: Path) -> DatasetFormat | None:
    """The layout that ``root`` has, or None where it has none of those that Eagle reads."""
    if (root / visa.SPLIT_FILE).is_file():
        return "visa"
    if mvtec.category_folders(root):
        return "mvtec"
    if mmad.is_listed(root):
        return "mmad"
    return "folder" if folder.category_folders(root) else None


def _read(name: str, root: Path, layout: DatasetFormat) -> dict[str, Category]:
    if layout == "visa":
        return visa.read_categories(name, root)
    if layout == "mmad":
        return {category.name: _sorted(category) for category in mmad.read_categories(name, root).values()}
    reader = mvtec if layout == "mvtec" else folder
    found = reader.category_folders(root)
    categories = (
        reader.read_category(name, root, category, path) for category, path in sorted(found.items())
    )
    return {category.name: _sorted(category) for category in categories}


def _sorted(category: Category) -> Category:
    test = tuple(sorted(category.test, key=lambda sample: sample.image_id))
    return Category(category.name, category.folder, category.train, test)


def _refuse_unusable(category: Category, layout: DatasetFormat) -> None:
    is_unlabelled = layout == "folder" and not folder.can_fit(category.folder)
    if not category.train and not is_unlabelled:
        raise DataError(f"{category.folder}: category {category.name} has no normal training image; add some")
    counts = Counter(sample.image_id for sample in category.train + category.test)
    image_id, count = counts.most_common(1)[0]
    if count > 1:
        raise DataError(f"{category.folder}: {image_id} is listed {count} times; list each image once")


def _hint(root: Path) -> str:
    found = detect_format(root)
    return (
        f"; it looks like format {found}" if found else "; check that root is the folder above the categories"
    )
