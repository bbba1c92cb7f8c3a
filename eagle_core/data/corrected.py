"""A corrected copy of a dataset, as plain folders: the original is only read.

Put right: names that are no UTF-8 or hold signs that not every system takes, images in sub-folders, endings that do not
fit the content, masks that are inverted, scaled, without black, turned or several to an image. Left out, and told: what
cannot be read, and masks that do not fit their image. Pixels of images are never changed: they are copied byte by byte.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from eagle_core.data.dataset import CALIBRATION, Category, Dataset
from eagle_core.data.images import IMAGE_SUFFIXES, SUFFIX_OF, format_of, is_image_file, read_image_of
from eagle_core.data.masks import read_masks_of
from eagle_core.errors import DataError
from eagle_core.names import as_text
from eagle_core.records import Sample

Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""
_ENDINGS = {"JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"}, "MPO": {".jpg", ".jpeg", ".mpo"}, "TIFF": {".tif", ".tiff"}}


@dataclass(slots=True)
class Corrected:
    """What a corrected copy came to."""

    folder: Path
    images: int = 0
    renamed: int = 0
    masks_rewritten: int = 0
    left_out: list[str] = field(default_factory=list)
    """What is not in the copy, with the reason."""


def write_corrected(dataset: Dataset, folder: Path, progress: Progress | None = None) -> Corrected:
    """Write the copy into the new folder ``folder``; it appears there whole or not at all.

    Raises:
        DataError: ``folder`` holds something, or lies inside the dataset; or the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: already there and not empty; name a new folder")
    if folder.resolve().is_relative_to(dataset.root.resolve()):
        raise DataError(f"{folder}: lies inside of {dataset.root}, which is never changed; name a folder elsewhere")
    done = Corrected(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    total = sum(len(category.samples) for category in dataset.categories.values())
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        copy = Path(scratch) / "copy"
        try:
            for category in dataset.categories.values():
                _copy_category(category, copy / _plain(category.name), done, lambda: progress and progress(done.images, total))
        except OSError as error:
            raise DataError(f"{folder}: cannot be written ({error}); make room, or name a folder elsewhere") from error
        if not done.images:
            raise DataError(f"{dataset.root}: no image can be read; there is nothing to copy")
        if folder.exists():
            folder.rmdir()
        copy.rename(folder)
    return done


def _copy_category(category: Category, target: Path, done: Corrected, report: Callable[[], object]) -> None:
    samples = list(category.samples)
    samples += _misnamed(samples)
    places = [target / part for part in map(_part_of, samples)]
    if not category.train:
        places = [target for _ in samples] if all(sample.is_defective is None for sample in samples) else places
    for sample, place, stem in zip(samples, places, _stems(samples, places), strict=True):
        try:
            size = read_image_of(sample).size
        except DataError as error:
            done.left_out.append(str(error))
            continue
        name = stem + _ending(sample.image_path)
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample.image_path, place / name)
        done.images += 1
        done.renamed += name != sample.image_path.name
        if sample.masks and sample.is_defective:
            kind = place.relative_to(target).parts[1:]
            _copy_mask(sample, size, target.joinpath("masks", *kind), stem, done)
        report()


def _part_of(sample: Sample) -> str:
    if sample.split != "test":
        return "normal" if sample.split == "train" else CALIBRATION
    if sample.is_defective is None:
        return "unlabelled"
    if not sample.is_defective:
        return "normal_test"
    kind = _plain(sample.defect_kind or "defective")
    return "defective" if kind == "defective" else f"defective/{kind}"


def _misnamed(samples: list[Sample]) -> Iterator[Sample]:
    """Images among these whose names do not say so, each labelled as its neighbours."""
    neighbours = {sample.image_path.parent: sample for sample in samples}
    for folder, neighbour in neighbours.items():
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith(".") and not is_image_file(path) and format_of(path):
                yield replace(neighbour, image_path=path, image_id=as_text(path.name), mask_path=None, more_masks=())


def _stems(samples: list[Sample], places: list[Path]) -> list[str]:
    """Names without endings, each once in its place: with those of the folders above where they would not be."""
    stems = [_plain(sample.image_path.stem) for sample in samples]
    for depth in range(1, 5):
        counts = Counter(zip(places, map(str.lower, stems), strict=True))
        for i, (sample, place) in enumerate(zip(samples, places, strict=True)):
            if counts[place, stems[i].lower()] > 1:
                above = sample.image_path.parent.parts[-depth:]
                stems[i] = "_".join([*map(_plain, above), _plain(sample.image_path.stem)])
    counts = Counter()
    for i, (place, stem) in enumerate(zip(places, stems, strict=True)):
        counts[place, stem.lower()] += 1
        if counts[place, stem.lower()] > 1:
            stems[i] = f"{stem}_{counts[place, stem.lower()]}"
    return stems


def _ending(path: Path) -> str:
    content = format_of(path)
    suffix = path.suffix.lower()
    if content is None:
        raise DataError(f"{path}: changed while it was copied; try again")
    fits = suffix in _ENDINGS.get(content, {SUFFIX_OF[content]}) or (content not in ("PNG", *_ENDINGS) and suffix in IMAGE_SUFFIXES)
    return suffix if fits else SUFFIX_OF[content]


def _copy_mask(sample: Sample, size: tuple[int, int], place: Path, stem: str, done: Corrected) -> None:
    try:
        mask = read_masks_of(sample, size)
    except DataError as error:
        done.left_out.append(str(error))
        return
    place.mkdir(parents=True, exist_ok=True)
    target = place / f"{stem}_mask.png"
    changed = set(mask.remarks) - {"perhaps_turned", "full", "empty", "outline"}
    if not changed and len(sample.masks) == 1 and format_of(sample.masks[0]) == "PNG":
        shutil.copyfile(sample.masks[0], target)
        return
    defective = ~mask.defective if "inverted" in changed else mask.defective
    Image.fromarray((defective * 255).astype(np.uint8)).save(target)
    done.masks_rewritten += 1


def _plain(name: str) -> str:
    """A name that every system takes: letters of all scripts, digits, and few signs."""
    return re.sub(r"[^\w.()+ -]+", "_", as_text(name)).strip(" ._") or "unnamed"
