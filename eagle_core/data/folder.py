"""Reader of plain folders, for one's own images.

A category is a folder with any of these, each holding images; ``normal`` alone is enough to fit:

    normal/         normal images to fit on
    calibration/    normal images of another day or lot, for the threshold alone
    normal_test/    normal images to test on
    defective/      defective images, or one folder for each kind of defect
    masks/          masks of the defective ones: ``<stem>_mask.png`` or ``<stem>.png``, below ``<kind>/`` where
                    ``defective/`` has kinds
    unlabelled/     images to predict

Other words for the same are understood (``good``, ``OK``, ``bad``, ``NG``), in any case of letters; sub-folders are read
too. A folder that holds images right inside and no ``normal/`` is a category of unlabelled images: enough to predict.
The root is one category itself, or holds one folder for each.
"""

from __future__ import annotations

from pathlib import Path

from eagle_core.data.dataset import (
    CALIBRATION,
    Category,
    SampleMaker,
    images_in,
    in_order,
    masks_among,
    name_of,
    pictures_in,
    subfolders,
)
from eagle_core.data.labels import label_of, says_defective, says_normal
from eagle_core.data.pairing import MASK_FOLDERS, images_with_masks
from eagle_core.names import as_text
from eagle_core.records import Sample

DEFECTIVE = "defective"
"""Kind of defective images that lie in no folder of a kind."""
_NORMAL_TEST = frozenset({"normal_test", "good_test", "ok_test", "test_normal", "test_good", "test_ok"})


def can_fit(folder: Path) -> bool:
    """True where ``folder`` has a place for normal images."""
    return any(says_normal(part.name) for part in subfolders(folder))


def is_part(folder: Path) -> bool:
    """True for a folder inside a category, which is no category itself where ``normal`` is missing."""
    name = folder.name.lower()
    return says_defective(name) or name in (*_NORMAL_TEST, CALIBRATION) or name in MASK_FOLDERS


def category_folders(root: Path) -> dict[str, Path]:
    """Folders by category name; a root that is itself one category is that one."""
    inside = subfolders(root)
    if can_fit(root) or (images_in(root) and not any(can_fit(folder) for folder in inside)):
        return {name_of(root): root}
    return {as_text(folder.name): folder for folder in inside if can_fit(folder) or (images_in(folder) and not is_part(folder))}


def read_category(dataset: str, root: Path, name: str, folder: Path) -> Category:
    """Read one category; unlabelled images become test samples whose ``is_defective`` is None."""
    maker = SampleMaker(dataset, root, name)
    if not can_fit(folder):
        found = tuple(maker.sample(path, "test", is_defective=None) for path in pictures_in(folder))
        return Category(name, folder, (), found, masks_beside=masks_among(*found))
    train: list[Sample] = []
    test: list[Sample] = []
    calibration: list[Sample] = []
    for part in subfolders(folder):
        if says_normal(part.name):
            train += maker.samples(part, "train", is_defective=False)
        elif says_defective(part.name):
            test += _defective(maker, folder, part)
        elif part.name.lower() == CALIBRATION:
            calibration += maker.samples(part, "calibration", is_defective=False)
        elif part.name.lower() in _NORMAL_TEST:
            test += maker.samples(part, "test", is_defective=False)
        elif label_of(part.name) == "unlabelled":
            test += maker.samples(part, "test", is_defective=None)
    return Category(name, folder, in_order(train), tuple(test), in_order(calibration), masks_among(*train, *test, *calibration))


def _defective(maker: SampleMaker, folder: Path, part: Path) -> list[Sample]:
    """Defective images; the folder right below ``part`` is the kind."""
    masks = next((place for place in subfolders(folder) if place.name.lower() in MASK_FOLDERS), folder / "masks")
    samples = []
    for path, of_image in images_with_masks(part, masks):
        inside = path.relative_to(part).parts
        samples.append(maker.sample(path, "test", True, inside[0] if len(inside) > 1 else DEFECTIVE, of_image))
    return samples

