"""Reader of one of MMAD's datasets (``DS-MVTec``, ``MVTec-LOCO``, ``VisA``, ``GoodsAD``), as ``mmad.json`` lists it.

The root is the dataset's folder; ``mmad.json`` lies beside it, and so do the folders that hold its templates
(``MVTec-AD/…``). Test images are the file's entries; normal training images are all templates that they name. Ids are
the file's own paths. Files are listed whether they are there or not: an absent one is reported like a damaged one.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from eagle_core.data.dataset import Category, SampleMaker, name_of
from eagle_core.data.mmad_questions import AskedImage, by_dataset, read_questions
from eagle_core.records import Sample

QUESTIONS_FILE = "mmad.json"


def questions_file(root: Path) -> Path:
    """The file that lists the dataset in ``root``."""
    return root.absolute().parent / QUESTIONS_FILE


def is_listed(root: Path) -> bool:
    """True where ``mmad.json`` lies beside ``root`` and lists images below it."""
    path = questions_file(root)
    return path.is_file() and name_of(root) in by_dataset(read_questions(path).images)


def read_categories(dataset: str, root: Path) -> dict[str, Category]:
    """Read every category of ``root`` that the file lists.

    Raises:
        DataError: The file is missing or not of MMAD's form.
    """
    entries: dict[str, list[AskedImage]] = {}
    for image in by_dataset(read_questions(questions_file(root)).images).get(name_of(root), ()):
        entries.setdefault(image.category, []).append(image)
    return {name: _category(dataset, root, name, images) for name, images in sorted(entries.items())}


def _category(dataset: str, root: Path, name: str, images: list[AskedImage]) -> Category:
    above = root.absolute().parent
    maker = SampleMaker(dataset, above, name)
    templates = sorted({path for image in images for path in (*image.similar_templates, *image.random_templates)})
    train = tuple(maker.sample(above / path, "train", is_defective=False) for path in templates)
    return Category(name, root / name, train, tuple(_test_sample(maker, above, image) for image in images))


def _test_sample(maker: SampleMaker, above: Path, image: AskedImage) -> Sample:
    """A mask that is not there is none; the kind of defect is the image's folder."""
    mask = above / image.dataset / image.category / image.mask_path if image.mask_path else None
    kind = None if image.is_normal else PurePosixPath(image.path).parent.name
    if mask is not None and not mask.is_file():
        mask = None
    masks = () if image.is_normal or mask is None else (mask,)
    return maker.sample(above / image.path, "test", not image.is_normal, kind, masks)


