"""Images that are to join the normal images of a category: what must not be added, and what looks odd beside those there.

Looks at pixels alone; what features say of an image is ``expert.scene``'s and ``calibration.suspects``'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eagle_core.data.appearance import SeenAppearances, appearance_of, why_not_judged
from eagle_core.data.audit.pictures import look
from eagle_core.data.dataset import Category
from eagle_core.data.depth import has_sixteen_bits
from eagle_core.data.images import read_image_of
from eagle_core.errors import DataError
from eagle_core.names import as_text
from eagle_core.records import Sample


@dataclass(slots=True)
class Candidate:
    """One image that somebody wants to add."""

    sample: Sample
    refused: str | None = None
    """Why it is not added in any case; None: it can be."""
    odd: list[str] = field(default_factory=list)
    """What a person should look at before it is added."""


def examine(
    paths: Sequence[Path], category: Category, progress: Callable[[int, int], None] | None = None
) -> list[Candidate]:
    """Compare images with everything that the category holds.

    Args:
        paths: Image files.
        category: Its training images say what is usual; an image that shows the pixels of any of its images is a copy.
        progress: Called with (images read, images in all).

    Raises:
        DataError: None of the category's training images can be read.
    """
    report = progress or (lambda done, total: None)
    total, done = len(category.samples) + len(paths), 0
    known: dict[str, Sample] = {}
    seen, sizes = [], set()
    for sample in category.samples:
        picture, _ = look(sample)
        if picture is not None:
            known.setdefault(picture.digest, sample)
            if sample.split == "train":
                seen.append(appearance_of(read_image_of(sample)))
                sizes.add(picture.size)
        done += 1
        report(done, total)
    if not seen:
        raise DataError(f"{category.folder}: no normal training image that can be read; `eagle data check` says more")
    usual, bits = SeenAppearances.over(seen), category.train[0].bit_depth
    wide = has_sixteen_bits(category.train[0])
    candidates = []
    for path in paths:
        candidate = Candidate(Sample(category.train[0].dataset, category.name, as_text(str(path)), path, "train", False, bit_depth=bits))
        picture, findings = look(candidate.sample)
        if picture is None:
            candidate.refused = findings[0].message
        elif has_sixteen_bits(candidate.sample) != wide:
            candidate.refused = f"{path}: {_depth(not wide)} a channel, those there have {_depth(wide)}; save it as the others are"
        elif picture.digest in known:
            candidate.refused = f"{path}: {_same_as(known[picture.digest])}"
        elif any(finding.kind == "blank" for finding in findings):
            candidate.refused = findings[0].message
        else:
            known[picture.digest] = candidate.sample
            candidate.odd += _oddities(candidate.sample, picture.size, sizes, usual)
        candidates.append(candidate)
        done += 1
        report(done, total)
    return candidates


def free_names(paths: Sequence[Path], taken: Sequence[str]) -> list[str]:
    """A name for each file that no other has, whatever the case of letters: its own, or with a number behind it.

    Args:
        paths: Files; their names need be no UTF-8.
        taken: Names that are there.
    """
    used, names = {name.lower() for name in taken}, []
    for path in paths:
        stem, ending = as_text(path.stem), as_text(path.suffix)
        number, name = 1, stem + ending
        while name.lower() in used:
            number += 1
            name = f"{stem}_{number}{ending}"
        used.add(name.lower())
        names.append(name)
    return names


def _same_as(known: Sample) -> str:
    if known.is_defective:
        return f"the same picture as {known.image_id}, which is listed as defective; correct one of the two"
    if known.split == "test":
        return f"the same picture as {known.image_id}, which is tested on; an expert must not have seen it"
    return f"the same picture as {known.image_id}"


def _oddities(sample: Sample, size: tuple[int, int], sizes: set[tuple[int, int]], usual: SeenAppearances) -> Iterator[str]:
    reason = why_not_judged(appearance_of(read_image_of(sample)), usual)
    if size not in sizes and (reason is None or not reason.startswith("another size")):
        yield f"another size: {size[0]}x{size[1]} pixels, those there have {' or '.join(f'{w}x{h}' for w, h in sorted(sizes)[:3])}"
    if reason is not None:
        yield reason


def _depth(wide: bool) -> str:
    return "sixteen bits" if wide else "eight bits"
