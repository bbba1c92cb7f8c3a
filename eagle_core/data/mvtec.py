"""Reader of MVTec-AD's layout: ``train/good``, ``test/<kind>``, ``ground_truth/<kind>/<stem>_mask.png``.

Masks may also be named ``<stem>.png``. anomalib's ``make_mvtec_ad_dataset`` is not used: it pairs the n-th image
with the n-th mask in alphabetical order, which goes wrong where names are not zero-padded (``anomaly-1.jpg``,
``anomaly-10.jpg``: their masks sort the other way round), stops where a single mask is missing, and sees no image
behind the symbolic links that ``dvc checkout`` makes.
"""

from __future__ import annotations

from pathlib import Path

from eagle_core.data.dataset import Category, SampleMaker, images_with_masks, name_of, subfolders
from eagle_core.records import Sample

NORMAL = "good"


def is_category(folder: Path) -> bool:
    """True where ``folder`` has the place for training images."""
    return (folder / "train" / NORMAL).is_dir()


def category_folders(root: Path) -> dict[str, Path]:
    """Folders by category name. A root that is itself one category (as ``screw/``) is that one category."""
    if is_category(root):
        return {name_of(root): root}
    return {folder.name: folder for folder in subfolders(root) if is_category(folder)}


def read_category(dataset: str, root: Path, name: str, folder: Path) -> Category:
    """Read one category. A defective image without a mask has ``mask_path=None``; the audit reports it."""
    maker = SampleMaker(dataset, root, name)
    train = maker.samples(folder / "train" / NORMAL, "train", is_defective=False)
    test: list[Sample] = []
    for kind in subfolders(folder / "test"):
        if kind.name == NORMAL:
            test.extend(maker.samples(kind, "test", is_defective=False))
        else:
            pairs = images_with_masks(kind, folder / "ground_truth" / kind.name)
            test.extend(maker.sample(path, "test", True, kind.name, mask) for path, mask in pairs)
    return Category(name, folder, train, tuple(test))
