"""The categories of the station's dataset, and the good images that people add to them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eagle_core.config import DatasetConfig, EagleConfig
from eagle_core.data.audit import Finding, audit
from eagle_core.data.catalogue import load_dataset
from eagle_core.data.dataset import Dataset
from eagle_core.data.images import read_rgb
from eagle_core.errors import ConfigurationError, DataError
from tasks.machinery.inputs import dataset_of, forget_datasets
from tasks.station.images import KeptImages

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,79}")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of images that were to be good examples."""

    names: tuple[str, ...]
    """New files."""
    repeated: tuple[str, ...]
    """Images that were there already, by the name they came with."""
    unreadable: tuple[str, ...]
    """Why each of the others was not taken."""


def station_dataset(config: EagleConfig) -> DatasetConfig:
    """The dataset that the station works on.

    Raises:
        ConfigurationError: ``service.dataset`` names none.
    """
    name = config.service.dataset or next(iter(config.datasets))
    if name not in config.datasets:
        raise ConfigurationError(f"service.dataset {name!r} is unknown; there are: {', '.join(config.datasets)}")
    return config.datasets[name]


def categories(config: EagleConfig) -> tuple[str, ...]:
    """Names of the categories that have good images; none where the folder is empty or missing."""
    forget_datasets()
    try:
        return tuple(dataset_of(config, station_dataset(config).name).categories)
    except DataError:
        return ()


def add_good_images(config: EagleConfig, category: str, images: Sequence[tuple[str, bytes]]) -> Added:
    """Put images among a category's good ones, named by their content, so that none is added twice.

    Args:
        config: Its station dataset must have MVTec's layout, or none yet.
        category: Existing or new.
        images: (name, bytes of a file).

    Raises:
        ConfigurationError: The name is no folder name, or the dataset has another layout.
    """
    if not NAME.fullmatch(category):
        raise ConfigurationError(
            f"category {category!r}: use letters, digits, blanks, dots, dashes and underscores, at most 80"
        )
    dataset = station_dataset(config)
    if dataset.format not in (None, "mvtec"):
        raise ConfigurationError(
            f"datasets.{dataset.name} has the layout {dataset.format}; images are added to layout mvtec only"
        )
    folder = dataset.root / category / "train" / "good"
    folder.mkdir(parents=True, exist_ok=True)
    names, repeated, unreadable = [], [], []
    for name, content in images:
        stem = hashlib.sha256(content).hexdigest()[:24]
        if any(folder.glob(f"{stem}.*")):
            repeated.append(name)
            continue
        fault = _write(KeptImages(config.service.folder / "incoming"), folder, stem, content)
        if fault:
            unreadable.append(f"{name}: {fault}")
        else:
            names.append(stem)
    forget_datasets()
    return Added(tuple(names), tuple(repeated), tuple(unreadable))


def findings(config: EagleConfig, category: str) -> list[Finding]:
    """What ``eagle data check`` says about one category's images."""
    dataset = station_dataset(config)
    found = load_dataset(dataset.model_copy(update={"categories": (category,)}))
    # What lies beside the category is somebody else's.
    return [f for f in audit(Dataset(found.name, found.root, found.categories)) if f.image_id.startswith(f"{category}/")]


def _write(scratch: KeptImages, folder: Path, stem: str, content: bytes) -> str | None:
    """The fault of an image that is no image; None once it is written."""
    digest = scratch.keep(content)
    path = scratch.path(digest)
    try:
        read_rgb(path)
        path.replace(folder / f"{stem}{image_suffix(content)}")
    except DataError as error:
        scratch.remove(digest)
        return str(error).replace(f"{path}: ", "")
    return None


def image_suffix(content: bytes) -> str:
    """The ending that the bytes call for; those of the formats that ``read_rgb`` takes."""
    starts = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"BM": ".bmp", b"II*\x00": ".tif", b"MM\x00*": ".tif", b"RIFF": ".webp"}
    for start, suffix in starts.items():
        if content.startswith(start):
            return suffix
    raise DataError("only PNG, JPEG, BMP, TIFF and WebP files are taken; save it as one of them")
