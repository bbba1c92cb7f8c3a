"""Looks into every file of a dataset and reports what would spoil a benchmark. Changes nothing.

Images are the same where their decoded pixels are the same: a copy saved under another name, format or
compression is still found. Near-duplicates are not.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eagle_core.data.dataset import Category, Dataset, subfolders
from eagle_core.data.images import is_image_file, read_rgb
from eagle_core.data.masks import read_mask
from eagle_core.errors import DataError
from eagle_core.records import Sample

Severity = Literal["error", "warning", "info"]
"""error: figures computed from this dataset would be wrong; warning: worth a look; info: merely not used."""
Kind = Literal[
    "missing",
    "empty",
    "unreadable",
    "blank",
    "image_size",
    "duplicate",
    "train_test_overlap",
    "normal_among_defects",
    "no_masks",
    "mask_missing",
    "mask_unreadable",
    "mask_size",
    "mask_empty",
    "mask_full",
    "mask_of_normal",
    "mask_without_image",
    "unused_image",
    "not_an_image",
    "not_a_category",
]
Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""

_MASK_FOLDERS = frozenset({"ground_truth", "masks", "Masks"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found; ``image_id`` is the POSIX path below the root of the file it is about."""

    kind: Kind
    image_id: str
    message: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class _Image:
    """What the audit keeps of a readable image."""

    sample: Sample
    size: tuple[int, int]
    digest: str


def audit(dataset: Dataset, progress: Progress | None = None) -> list[Finding]:
    """Read every image and mask of ``dataset`` once; return the findings, sorted by file and kind."""
    total = sum(len(category.samples) for category in dataset.categories.values())
    images: list[_Image] = []
    findings: list[Finding] = []
    done = 0
    for category in dataset.categories.values():
        has_masks = any(sample.mask_path is not None for sample in category.test)
        of_category: list[_Image] = []
        for sample in category.samples:
            image, seen = _look(sample)
            findings.extend(seen)
            if image is not None:
                of_category.append(image)
                findings.extend(_mask_findings(image, has_masks))
            done += 1
            if progress is not None:
                progress(done, total)
        findings.extend(_size_findings(of_category))
        findings.extend(_category_findings(dataset, category, has_masks))
        images.extend(of_category)
    findings.extend(_same_content(images))
    findings.extend(_left_out(dataset))
    return sorted(findings, key=lambda finding: (finding.image_id, finding.kind))


def _look(sample: Sample) -> tuple[_Image | None, list[Finding]]:
    path = sample.image_path
    try:
        image = read_rgb(path)
    except DataError as error:
        kind: Kind = "unreadable"
        if not path.exists():
            kind = "missing"
        elif path.is_file() and path.stat().st_size == 0:
            kind = "empty"
        return None, [Finding(kind, sample.image_id, str(error), "error")]
    findings = []
    pixels = np.asarray(image)
    if (pixels == pixels[0, 0]).all():
        message = f"{path}: every pixel has the same colour; check the camera's exposure, or remove it"
        findings.append(Finding("blank", sample.image_id, message, "warning"))
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode() + image.tobytes()).hexdigest()
    return _Image(sample, image.size, digest), findings


def _mask_findings(image: _Image, has_masks: bool) -> Iterator[Finding]:
    sample = image.sample
    if sample.mask_path is None:
        if sample.is_defective and has_masks:
            message = f"{sample.image_path}: defective, but has no mask as others have; add it"
            yield Finding("mask_missing", sample.image_id, message, "error")
        return
    try:
        mask = read_mask(sample.mask_path)
    except DataError as error:
        kind: Kind = "mask_unreadable" if sample.mask_path.exists() else "mask_missing"
        yield Finding(kind, sample.image_id, str(error), "error")
        return
    height, width = mask.shape
    if (width, height) != image.size:
        message = (
            f"{sample.mask_path}: {width}x{height}, but its image has {image.size[0]}x{image.size[1]} pixels"
        )
        yield Finding("mask_size", sample.image_id, f"{message}; redraw it at the image's size", "error")
    elif sample.is_defective and not mask.any():
        message = f"{sample.mask_path}: marks no pixel of a defective image; redraw it"
        yield Finding("mask_empty", sample.image_id, message, "error")
    elif sample.is_defective and mask.all():
        message = f"{sample.mask_path}: marks the whole image; is it inverted?"
        yield Finding("mask_full", sample.image_id, message, "warning")
    elif not sample.is_defective and mask.any():
        message = f"{sample.mask_path}: marks a defect in an image that is not listed as defective; correct the label"
        yield Finding("mask_of_normal", sample.image_id, message, "error")


def _size_findings(images: list[_Image]) -> Iterator[Finding]:
    """One finding for each size but the commonest."""
    sizes = Counter(image.size for image in images)
    if len(sizes) < 2:
        return
    (usual, _), *others = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    for size, count in others:
        first = next(image.sample for image in images if image.size == size)
        message = (
            f"{first.image_path}: {size[0]}x{size[1]} pixels as {count} image(s) in all, most have "
            f"{usual[0]}x{usual[1]}; check that all were taken the same way"
        )
        yield Finding("image_size", first.image_id, message, "warning")


def _same_content(images: Iterable[_Image]) -> Iterator[Finding]:
    groups = defaultdict(list)
    for image in images:
        groups[image.digest].append(image.sample)
    for samples in groups.values():
        # Known normal images first, training before test: what the others are measured against.
        first, *others = sorted(
            samples, key=lambda s: (s.is_defective is not False, s.split == "test", s.image_id)
        )
        for other in others:
            yield _same_as(first, other)


def _same_as(first: Sample, other: Sample) -> Finding:
    same = f"{other.image_path}: the same picture as {first.image_id}"
    if first.is_defective is False and other.is_defective:
        message = f"{same}, which is listed as normal; correct one of the two"
        return Finding("normal_among_defects", other.image_id, message, "error")
    if first.split != other.split:
        severity: Severity = "warning" if other.is_defective is None else "error"
        message = f"{same}, which is used for training; remove it from the test images"
        return Finding("train_test_overlap", other.image_id, message, severity)
    return Finding("duplicate", other.image_id, f"{same}; remove one of the two", "warning")


def _left_out(dataset: Dataset) -> Iterator[Finding]:
    """Folders beside the categories that hold images and are none: all of their images are ignored."""
    known = {category.folder.resolve() for category in dataset.categories.values()}
    for folder in subfolders(dataset.root):
        inside = folder.resolve()
        if any(place.is_relative_to(inside) or inside.is_relative_to(place) for place in known):
            continue
        count = sum(is_image_file(path) for path in folder.rglob("*"))
        if count:
            message = (
                f"{folder}: {count} images, but no category: it has no normal images to fit on where the layout expects "
                "them (normal/, or train/good/; letter case counts)"
            )
            yield Finding("not_a_category", folder.name, message, "error")


def _category_findings(dataset: Dataset, category: Category, has_masks: bool) -> Iterator[Finding]:
    samples = category.samples
    if not has_masks and any(sample.is_defective for sample in category.test):
        folder = category.folder.relative_to(dataset.root).as_posix()
        yield Finding(
            "no_masks", folder, f"{category.folder}: no masks; pixel metrics cannot be computed", "info"
        )
    used = {path for sample in samples for path in (sample.image_path, sample.mask_path)}
    image_folders = {sample.image_path.parent for sample in samples}
    for path in sorted(category.folder.rglob("*")):
        place = path.relative_to(dataset.root)
        if path in used or not path.is_file() or any(part.startswith(".") for part in place.parts):
            continue
        if not is_image_file(path):
            among_images = path.parent in image_folders
            message = f"{path}: not an image by its name; it is ignored"
            yield Finding("not_an_image", place.as_posix(), message, "warning" if among_images else "info")
        elif _MASK_FOLDERS.intersection(place.parts):
            message = f"{path}: a mask without an image of that name; rename or remove it"
            yield Finding("mask_without_image", place.as_posix(), message, "warning")
        else:
            message = f"{path}: an image where the layout expects none; it is ignored"
            yield Finding("unused_image", place.as_posix(), message, "warning")
