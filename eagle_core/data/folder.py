"""Reader of plain folders, for one's own images.

A category is a folder with any of these, each holding images; ``normal`` alone is enough to fit:

    normal/         normal images to fit on
    normal_test/    normal images to test on
    defective/      defective images, or one folder for each kind of defect
    masks/          masks of the defective ones: ``<stem>_mask.png`` or ``<stem>.png``, below ``<kind>/`` where
                    ``defective/`` has kinds
    unlabelled/     images to predict

A folder that holds images right inside and no ``normal/`` is a category of unlabelled images: enough to predict.
The root is one category itself, or holds one folder for each.
"""

from __future__ import annotations

from pathlib import Path

from eagle_core.data.dataset import Category, SampleMaker, images_in, images_with_masks, name_of, subfolders
from eagle_core.records import Sample

NORMAL = "normal"
PARTS = frozenset({"defective", "normal_test", "masks"})
"""Folders inside a category, which are no categories themselves where ``normal`` is missing."""


def can_fit(folder: Path) -> bool:
    """True where ``folder`` has a place for normal images."""
    return (folder / NORMAL).is_dir()


def category_folders(root: Path) -> dict[str, Path]:
    """Folders by category name; a root that is itself one category is that one."""
    inside = subfolders(root)
    if can_fit(root) or (images_in(root) and not any(can_fit(folder) for folder in inside)):
        return {name_of(root): root}
    return {folder.name: folder for folder in inside if can_fit(folder) or (images_in(folder) and folder.name not in PARTS)}


def read_category(dataset: str, root: Path, name: str, folder: Path) -> Category:
    """Read one category; unlabelled images become test samples whose ``is_defective`` is None."""
    maker = SampleMaker(dataset, root, name)
    if not can_fit(folder):
        return Category(name, folder, (), maker.samples(folder, "test", is_defective=None))
    test = [
        *_defective(maker, folder),
        *maker.samples(folder / "normal_test", "test", is_defective=False),
        *maker.samples(folder / "unlabelled", "test", is_defective=None),
    ]
    return Category(name, folder, maker.samples(folder / NORMAL, "train", is_defective=False), tuple(test))


def _defective(maker: SampleMaker, folder: Path) -> list[Sample]:
    samples = []
    for images, masks, kind in [
        (folder / "defective", folder / "masks", "defective"),
        *((kind, folder / "masks" / kind.name, kind.name) for kind in subfolders(folder / "defective")),
    ]:
        for path, mask in images_with_masks(images, masks):
            samples.append(maker.sample(path, "test", True, kind, mask))
    return samples
