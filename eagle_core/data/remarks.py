"""What has to be said about a category's images before a run, and beside its results: what is never looked at, and how
files were understood where they did not speak for themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from eagle_core.config import PreprocessingConfig
from eagle_core.counted import counted
from eagle_core.data.dataset import Category
from eagle_core.data.decoding import size_of
from eagle_core.data.depth import differing_depth, filled_bits
from eagle_core.data.labels import says_defective, says_normal
from eagle_core.data.unread import unread_files
from eagle_core.errors import DataError
from eagle_core.geometry import ImageGeometry
from eagle_core.names import printable

LOOKED_AT = 0.995
"""A crop that leaves out less than the rounding of a resize is none."""


def remarks_about(category: Category, preprocessing: PreprocessingConfig) -> Iterator[str]:
    """Sentences, each naming the category. Opens the header of every image, decodes none."""
    yield from _unseen(category, preprocessing)
    doubt = no_normal_test(category)
    if doubt is not None:
        yield f"{category.name}: {doubt}"
    for ending, count in sorted(unread_files(category).items()):
        yield f"{category.name}: {counted(count, 'file')} ({ending}) beside its images {'is' if count == 1 else 'are'} not read; save as PNG, JPEG or TIFF"
    beside = category.masks_beside
    if beside:
        yield f"{category.name}: {counted(len(beside), 'file')} called like masks beside their images ({printable(beside[0].name)}) {'is' if len(beside) == 1 else 'are'} read as masks, not as images"
    if differing_depth(category):
        yield (
            f"{category.name}: its test images fill {filled_bits(category.test)} of 16 bits and its training images all 16: they will look "
            "nearly black; state the camera's bits (datasets.NAME.bit_depth)"
        )
    depths = {sample.bit_depth for sample in category.train} - {16}
    for depth in depths:
        yield f"{category.name}: files of 16 bits are read as {depth} (values up to {(1 << depth) - 1}), as its training images fill them"
    folders = {PurePosixPath(sample.image_id).parent.name for sample in category.test if sample.is_defective is False}
    for folder in sorted(folders - {"good", "normal", "normal_test"}):
        if says_normal(folder):
            yield f"{category.name}: images in {folder} are tested as normal, as the folder's name says"


def no_normal_test(category: Category) -> str | None:
    """What is said where no test image is normal: perhaps the name of a folder was not understood.

    None where one is, or where a folder's name says that what is in it is defective.
    """
    labelled = [sample for sample in category.test if sample.is_defective is not None]
    if not labelled or not all(sample.is_defective and not _called_defective(sample.image_id) for sample in labelled):
        return None
    kinds = ", ".join(dict.fromkeys(sample.defect_kind or "defective" for sample in labelled))
    return (
        f"no test image counts as normal, so false alarms cannot be measured; taken for kinds of defect: {kinds}. "
        "Where one of these folders holds good parts, say so (labels: {FOLDER: normal})"
    )


def _called_defective(image_id: str) -> bool:
    return any(says_defective(part) for part in PurePosixPath(image_id).parts[:-1])


def _unseen(category: Category, preprocessing: PreprocessingConfig) -> Iterator[str]:
    sizes: Counter[tuple[int, int]] = Counter()
    for sample in category.samples:
        try:
            sizes[size_of(sample.image_path)] += 1
        except DataError:
            continue
    seen = {size: ImageGeometry.of(size, preprocessing).covered_fraction for size in sizes}
    cropped = {size: part for size, part in seen.items() if part < LOOKED_AT}
    if not cropped:
        return
    worst = min(cropped, key=lambda size: (cropped[size], size))
    count = sum(sizes[size] for size in cropped)
    yield (
        f"{category.name}: {1 - cropped[worst]:.1%} of an image of {worst[0]}x{worst[1]} is never looked at (expert.preprocessing: "
        f"center_crop {preprocessing.center_crop}, fit {preprocessing.fit}; of {counted(sizes.total(), 'image')}, {count} lose something): a "
        "defect there is never found. To look at all of it: expert.preprocessing={fit: stretch, center_crop: null}"
    )
