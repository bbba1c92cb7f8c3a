"""What can be wrong with how a category is laid out: too few images, files that nothing uses, odd names and places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eagle_core.counted import counted
from eagle_core.data.audit.finding import Finding
from eagle_core.data.audit.pictures import Picture
from eagle_core.data.catalogue import shared_masks
from eagle_core.data.dataset import Category, Dataset, files_below, images_below, subfolders
from eagle_core.data.depth import differing_depth, filled_bits
from eagle_core.data.images import format_of, is_image_file
from eagle_core.data.labels import says_normal
from eagle_core.data.pairing import MASK_FOLDERS
from eagle_core.data.remarks import no_normal_test
from eagle_core.data.unread import UNREAD_ENDINGS
from eagle_core.names import as_text, printable
from eagle_core.records import Sample

FEW = 5
"""Fewer normal images than this give no threshold worth the name."""
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})


def category_findings(dataset: Dataset, category: Category, pictures: list[Picture]) -> Iterator[Finding]:
    """Findings about one category as a whole and about the files in its folder."""
    yield from _count_findings(dataset, category, pictures)
    yield from _depth_findings(dataset, category)
    for mask, samples in shared_masks(category).items():
        names = " and ".join(sample.image_id for sample in samples)
        yield Finding(
            "mask_shared", _place(dataset, mask), f"{mask}: one mask for {names}; whose is it?", "error"
        )
    for sample in category.samples:
        if "%" in sample.image_id and sample.image_path.as_posix() != printable(sample.image_path.as_posix()):
            message = f"{sample.image_path}: the name is no UTF-8; it is shown as {sample.image_id}"
            yield Finding("name_not_utf8", sample.image_id, message, "info")
    yield from _place_findings(dataset, category)
    yield from _masks_beside(dataset, category)
    yield from _file_findings(dataset, category)


def left_out(dataset: Dataset) -> Iterator[Finding]:
    """Folders beside the categories that hold images and are none: all of their images are ignored."""
    categories = [category.folder for category in dataset.categories.values()]
    known = {category.resolve() for category in categories}
    for folder in subfolders(dataset.root):
        inside = folder.resolve()
        # A linked folder lies inside its category by its name, and elsewhere in truth.
        if any(folder.is_relative_to(category) for category in categories) or any(place.is_relative_to(inside) or inside.is_relative_to(place) for place in known):
            continue
        count = len(images_below(folder))
        if count:
            message = (
                f"{folder}: {counted(count, 'image')}, but no category: it has no normal images to fit on where the layout expects "
                "them (normal/, or train/good/)"
            )
            yield Finding("not_a_category", as_text(folder.name), message, "error")


def _place(dataset: Dataset, path: Path) -> str:
    return (
        as_text(path.relative_to(dataset.root).as_posix())
        if path.is_relative_to(dataset.root)
        else as_text(str(path))
    )


def _count_findings(dataset: Dataset, category: Category, pictures: list[Picture]) -> Iterator[Finding]:
    place = _place(dataset, category.folder)
    count = len(category.train)
    normal = [picture for picture in pictures if picture.sample.split == "train"]
    labelled = [sample for sample in category.test if sample.is_defective is not None]
    if not count and (labelled or not category.test):
        yield Finding(
            "no_normal_images", place, f"{category.folder}: no normal training image; add some", "error"
        )
    elif 0 < count < FEW:
        message = f"{category.folder}: {counted(count, 'normal training image')}; a threshold needs at least {FEW}, better 50"
        yield Finding("few_normal_images", place, message, "warning")
    if len(normal) > 1 and len({picture.digest for picture in normal}) == 1:
        message = f"{category.folder}: all {len(normal)} normal images are the same picture; nothing can be learned from copies"
        yield Finding("same_normal_images", place, message, "error")
    if not count and category.test and not labelled:
        message = f"{category.folder}: {counted(len(category.test), 'image')}, none of them marked as normal: there is nothing to learn from"
        yield Finding("all_unlabelled", place, message, "warning")
    doubt = no_normal_test(category)
    if doubt is not None:
        yield Finding("no_normal_test", place, f"{category.folder}: {doubt}", "warning")
    if count and not category.test:
        yield Finding(
            "no_test_images", place, f"{category.folder}: no test image; nothing can be measured", "warning"
        )
    if (
        labelled
        and any(sample.is_defective for sample in labelled)
        and not any(sample.masks for sample in labelled)
    ):
        message = f"{category.folder}: no masks; pixel metrics cannot be computed"
        yield Finding("no_masks", place, message, "info")


def _depth_findings(dataset: Dataset, category: Category) -> Iterator[Finding]:
    place = _place(dataset, category.folder)
    depths = {sample.bit_depth for sample in category.train}
    if depths and depths != {16}:
        [depth] = depths
        message = (
            f"{category.folder}: files of 16 bits whose training images fill {depth} (values up to {(1 << depth) - 1}); all of "
            f"its images are read so. State it: datasets.NAME.bit_depth: {depth}"
        )
        yield Finding("bit_depth", place, message, "info")
    elif differing_depth(category):
        message = f"{category.folder}: test images fill {filled_bits(category.test)} of 16 bits, training images do not; they will look nearly black"
        yield Finding("bit_depth_differs", place, message, "warning")


def _place_findings(dataset: Dataset, category: Category) -> Iterator[Finding]:
    """Folders whose name was understood, and images deeper than the layout says."""
    kinds = {_folder_of(sample, category) for sample in category.test if sample.is_defective is False}
    for folder in sorted(kinds):
        if folder.name not in ("good", "normal", "normal_test") and says_normal(folder.name):
            message = f"{folder}: its name says that the images in it are normal; they are tested as such"
            yield Finding("read_as_normal", _place(dataset, folder), message, "info")
    samples = category.samples
    places = {sample.image_path.parent for sample in samples}
    for folder in sorted(places):
        above = [other for other in places if other in folder.parents]
        deep = above or says_normal(folder.parent.name)
        if deep and folder != category.folder and folder.parent != category.folder:
            count = sum(sample.image_path.parent == folder for sample in samples)
            message = f"{folder}: {counted(count, 'image')} in a sub-folder, used like those beside it"
            yield Finding("nested_images", _place(dataset, folder), message, "info")


def _masks_beside(dataset: Dataset, category: Category) -> Iterator[Finding]:
    for mask in category.masks_beside:
        message = f"{mask}: called like the mask of an image beside it; it is read as a mask, not as an image"
        yield Finding("mask_beside", _place(dataset, mask), message, "info")


def _folder_of(sample: Sample, category: Category) -> Path:
    """The folder below ``test`` or the category in which a sample lies, however deep."""
    place = (
        sample.image_path.relative_to(category.folder)
        if sample.image_path.is_relative_to(category.folder)
        else Path()
    )
    return category.folder.joinpath(*place.parts[: 2 if len(place.parts) > 2 else 1])


def _file_findings(dataset: Dataset, category: Category) -> Iterator[Finding]:
    """Files of the category's folder that no sample uses."""
    samples = category.samples
    used = {path for sample in samples for path in (sample.image_path, *sample.masks)}
    image_folders = {sample.image_path.parent for sample in samples}
    used |= set(category.masks_beside)
    for path in files_below(category.folder):
        if (
            path in used
            or path.name.startswith(".")
            or path.name.lower() in _SYSTEM_FILES
            or not path.is_file()
        ):
            continue
        yield _unused(path, _place(dataset, path), path.parent in image_folders)


def _unused(path: Path, place: str, among_images: bool) -> Finding:
    if is_image_file(path):
        if any(part.lower() in MASK_FOLDERS for part in Path(place).parts):
            message = f"{path}: a mask without an image of that name; rename or remove it"
            return Finding("mask_without_image", place, message, "warning")
        return Finding(
            "unused_image", place, f"{path}: an image where the layout expects none; it is ignored", "warning"
        )
    content = format_of(path)
    if content is not None:
        message = f"{path}: holds an image ({content}), but not by its name; it is ignored"
        return Finding("wrong_ending", place, message, "warning")
    if path.suffix.lower() in UNREAD_ENDINGS:
        return Finding(
            "unread_format", place, f"{path}: of a format that is not read; it is ignored", "warning"
        )
    message = f"{path}: not an image by its name; it is ignored"
    return Finding("not_an_image", place, message, "warning" if among_images else "info")
