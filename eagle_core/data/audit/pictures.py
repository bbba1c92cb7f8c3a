"""What can be wrong with a picture, and between pictures: unreadable, blank, of another size, there twice."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from eagle_core.counted import counted
from eagle_core.data.audit.finding import Finding, Kind, Severity
from eagle_core.data.images import is_lfs_pointer, read_image_of
from eagle_core.data.sixteen_bits import TOO_BRIGHT
from eagle_core.errors import DataError
from eagle_core.records import Sample

ELONGATED = 3.0
"""Longer side by shorter one: a central square then holds less than a third of the image."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the audit keeps of a readable image."""

    sample: Sample
    size: tuple[int, int]
    """(width, height)."""
    digest: str
    """Of its pixels."""


def look(sample: Sample) -> tuple[Picture | None, list[Finding]]:
    """Read one image; None and the finding where it cannot be read."""
    path = sample.image_path
    try:
        image = read_image_of(sample)
    except DataError as error:
        return None, [Finding(_fault(sample, str(error)), sample.image_id, str(error), "error")]
    findings = []
    pixels = np.asarray(image)
    if (pixels == pixels[0, 0]).all():
        message = f"{path}: every pixel has the same colour; check the camera's exposure, or remove it"
        findings.append(Finding("blank", sample.image_id, message, "warning"))
    if max(image.size) > ELONGATED * min(image.size):
        message = f"{path}: {image.width}x{image.height}; a central square holds {min(image.size) / max(image.size):.0%} of it"
        findings.append(Finding("elongated", sample.image_id, message, "warning"))
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode() + image.tobytes()).hexdigest()
    return Picture(sample, image.size, digest), findings


def _fault(sample: Sample, message: str) -> Kind:
    path = sample.image_path
    if not path.exists():
        return "missing"
    if path.is_file() and path.stat().st_size == 0:
        return "empty"
    if is_lfs_pointer(path):
        return "lfs_pointer"
    return "bit_depth_differs" if TOO_BRIGHT in message else "unreadable"


def size_findings(images: list[Picture]) -> Iterator[Finding]:
    """One finding for each size but the commonest."""
    sizes = Counter(image.size for image in images)
    if len(sizes) < 2:
        return
    (usual, _), *others = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    for size, count in others:
        first = next(image.sample for image in images if image.size == size)
        message = (
            f"{first.image_path}: {size[0]}x{size[1]} pixels as {counted(count, 'image')} in all, most have "
            f"{usual[0]}x{usual[1]}; check that all were taken the same way"
        )
        yield Finding("image_size", first.image_id, message, "warning")


def same_content(images: Iterable[Picture]) -> Iterator[Finding]:
    """A finding for each image but the first of those that show the same pixels."""
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
