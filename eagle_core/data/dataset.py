"""What every reader returns: a dataset of categories, each with its training and test samples in a fixed order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from eagle_core.data.decoding import names_an_image
from eagle_core.names import as_text
from eagle_core.records import Sample, Split

CALIBRATION = "calibration"
"""Folder of normal images that a threshold is fitted from and the expert is not."""
_MASK = re.compile(r"[_-](?:mask|gt)s?(?:[_-]?\d+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Category:
    """One product or texture. Samples are sorted by image_id; ``train`` holds normal images only."""

    name: str
    folder: Path
    """Holds every file of the category, masks included."""
    train: tuple[Sample, ...]
    """Empty only where the whole category is unlabelled: it can be predicted but not fitted."""
    test: tuple[Sample, ...]
    calibration: tuple[Sample, ...] = ()
    """Normal images kept apart: a threshold is fitted from them, never the expert."""
    masks_beside: tuple[Path, ...] = ()
    """Files among the images that are called like another one's mask, and were not taken for images."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All images."""
        return self.train + self.calibration + self.test


@dataclass(frozen=True, slots=True)
class Dataset:
    """The categories of one folder, in alphabetical order."""

    name: str
    root: Path
    categories: dict[str, Category]


@dataclass(frozen=True, slots=True)
class SampleMaker:
    """Turns paths of one category into samples."""

    dataset: str
    root: Path
    category: str

    def sample(
        self,
        path: Path,
        split: Split,
        is_defective: bool | None,
        kind: str | None = None,
        masks: tuple[Path, ...] = (),
    ) -> Sample:
        """The sample of the image at ``path``, which lies below the root."""
        image_id = as_text(path.relative_to(self.root).as_posix())
        mask, more = (masks[0], masks[1:]) if masks else (None, ())
        kind = None if kind is None else as_text(kind)
        return Sample(self.dataset, self.category, image_id, path, split, is_defective, kind, mask, more)

    def samples(self, folder: Path, split: Split, is_defective: bool | None) -> tuple[Sample, ...]:
        """One sample without a mask for each image in ``folder`` or below it."""
        return tuple(self.sample(path, split, is_defective) for path in pictures_below(folder))


def images_in(folder: Path) -> list[Path]:
    """The image files right in ``folder``, lost links among them, sorted by name; none where there is no such folder."""
    return sorted(path for path in folder.iterdir() if names_an_image(path)) if folder.is_dir() else []


def images_below(folder: Path) -> list[Path]:
    """The image files in ``folder`` and its visible sub-folders, sorted; linked folders are followed, each once.

    A link whose target is missing is among them, to be reported by who reads it.
    """
    return sorted(path for path in files_below(folder) if names_an_image(path))


def masks_beside(paths: Iterable[Path]) -> dict[Path, Path]:
    """Files called like another one's mask (``0_mask.png`` beside ``0.png``), each with that image: no images themselves."""
    paths = list(paths)
    images = {(path.parent, path.stem): path for path in paths}
    found = {}
    for path in paths:
        stem = _MASK.sub("", path.stem)
        if stem != path.stem and (path.parent, stem) in images:
            found[path] = images[path.parent, stem]
    return found


def masks_among(*samples: Sample) -> tuple[Path, ...]:
    """The masks that lie beside these images, sorted."""
    folders = {sample.image_path.parent for sample in samples}
    return tuple(sorted(mask for folder in folders for mask in masks_beside(images_in(folder))))


def pictures_in(folder: Path) -> list[Path]:
    """``images_in``, without the masks that lie beside their images."""
    return _without_masks(images_in(folder))


def pictures_below(folder: Path) -> list[Path]:
    """``images_below``, without the masks that lie beside their images."""
    return _without_masks(images_below(folder))


def _without_masks(paths: list[Path]) -> list[Path]:
    masks = masks_beside(paths)
    return [path for path in paths if path not in masks]


def files_below(folder: Path, *, hidden: bool = False) -> list[Path]:
    """All files in ``folder`` and its visible sub-folders, sorted; linked folders are followed, each once.

    Args:
        folder: Where to look.
        hidden: In sub-folders that are not visible too.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if hidden or is_visible(name))
        found += [Path(place, name) for name in files]
    return sorted(found)


def is_visible(name: str) -> bool:
    """False for the folders that systems add: hidden ones, and those of archives and thumbnails."""
    return not name.startswith(".") and name not in ("__MACOSX", "@eaDir", "$RECYCLE.BIN")


def subfolders(folder: Path) -> list[Path]:
    """The visible folders right in ``folder``, sorted by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and is_visible(path.name))


def in_order(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """Sorted by image_id."""
    return tuple(sorted(samples, key=lambda sample: sample.image_id))


def name_of(folder: Path) -> str:
    """The name under which ``folder`` was given, as text: a link keeps its own, whatever it points to."""
    name = folder.absolute().name
    return as_text(folder.resolve().name if name == ".." else name)
