"""Reader of KolektorSDD2 as published: ``train/`` and ``test/`` with ``10000.png`` and its mask ``10000_GT.png`` beside it.

An image is defective where its mask marks anything. The defective images of ``train/`` are meant for supervised methods;
the expert is fitted on normal images only, so they are left out, and the audit says how many.
"""

from __future__ import annotations

from pathlib import Path

from eagle_core.data.dataset import Category, SampleMaker, images_in, name_of
from eagle_core.data.masks import read_mask
from eagle_core.records import Sample, Split

MASK = "_GT"


def category_folders(root: Path) -> dict[str, Path]:
    """The root is the only category."""
    return {name_of(root): root} if all(_pairs(root / part) for part in ("train", "test")) else {}


def read_category(dataset: str, root: Path, name: str, folder: Path) -> Category:
    """Read the dataset; every mask is opened, for only they tell which images are normal.

    Raises:
        DataError: A mask cannot be read.
    """
    maker = SampleMaker(dataset, root, name)
    train = [sample for sample in _samples(maker, folder / "train", "train") if not sample.is_defective]
    return Category(name, folder, tuple(train), tuple(_samples(maker, folder / "test", "test")))


def _samples(maker: SampleMaker, folder: Path, split: Split) -> list[Sample]:
    samples = []
    for image, mask in _pairs(folder):
        defective = bool(read_mask(mask).any())
        samples.append(maker.sample(image, split, defective, "defect" if defective else None, (mask,)))
    return samples


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Images with their masks; an image without one is left to the audit."""
    by_stem = {path.stem: path for path in images_in(folder)}
    return [(path, by_stem[stem + MASK]) for stem, path in by_stem.items() if stem + MASK in by_stem]
