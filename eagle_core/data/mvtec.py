"""Reader of MVTec-AD's layout and of the datasets that are unpacked in its way.

    CATEGORY/train/good/            normal images to fit on; or right inside of train/
    CATEGORY/validation/good/       normal images for the threshold alone (MVTec AD 2, MVTec LOCO)
    CATEGORY/calibration/           the same: of another day or lot (ours)
    CATEGORY/test/good/             normal test images
    CATEGORY/test/KIND/             defective ones
    CATEGORY/ground_truth/KIND/     masks: STEM_mask.png, STEM.png, or a folder STEM/ of several (MVTec LOCO)

``good`` may be spelled in any way that says normal (BTAD: ``ok``). There may be several test folders whose names begin
with ``test``, masks inside of them (MVTec AD 2: ``test_public/ground_truth``); images right inside of one are unlabelled
(MVTec AD 2: ``test_private``). MPDD and GoodsAD have MVTec-AD's own layout. Sub-folders are read too.

anomalib's ``make_mvtec_ad_dataset`` is not used: it pairs the n-th image with the n-th mask in alphabetical order, which
goes wrong where names are not zero-padded (``anomaly-1.jpg``, ``anomaly-10.jpg``: their masks sort the other way round),
stops where a single mask is missing, and sees no image behind the symbolic links that ``dvc checkout`` makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eagle_core.data.dataset import (
    CALIBRATION,
    Category,
    SampleMaker,
    in_order,
    masks_among,
    name_of,
    pictures_in,
    subfolders,
)
from eagle_core.data.labels import Label, label_of, says_normal
from eagle_core.data.pairing import MASK_FOLDERS, images_with_masks
from eagle_core.errors import DataError
from eagle_core.names import as_text
from eagle_core.records import Sample

_TRAINING = ("train", "training")
_VALIDATION = ("validation", "val")


def is_category(folder: Path) -> bool:
    """True where ``folder`` has the place for training images: ``train/good``, or ``train`` itself beside a ``test`` of kinds."""
    if _normal_folders(folder, _TRAINING):
        return True
    tested = [part for part in subfolders(folder) if part.name.lower().startswith("test") and subfolders(part)]
    return bool(tested and _flat(folder, _TRAINING))


def category_folders(root: Path) -> dict[str, Path]:
    """Folders by category name. A root that is itself one category (as ``screw/``) is that one category."""
    if is_category(root):
        return {name_of(root): root}
    return {as_text(folder.name): folder for folder in subfolders(root) if is_category(folder)}


def read_category(dataset: str, root: Path, name: str, folder: Path, labels: dict[str, Label]) -> Category:
    """Read one category. A defective image without a mask has ``mask_path=None``; the audit reports it.

    Args:
        dataset: Its name.
        root: The dataset's folder.
        name: The category's.
        folder: The category's.
        labels: What folders of test images hold, by name; goes before what their names say.

    Raises:
        DataError: The name of a test folder does not tell whether its images are normal.
    """
    maker = SampleMaker(dataset, root, name)
    train = [s for place in _normal_folders(folder, _TRAINING) for s in maker.samples(place, "train", is_defective=False)]
    train = train or [maker.sample(path, "train", is_defective=False) for path in _flat(folder, _TRAINING)]
    apart = [folder / CALIBRATION, *_normal_folders(folder, _VALIDATION)]
    calibration = [s for place in apart for s in maker.samples(place, "calibration", is_defective=False)]
    calibration = calibration or [maker.sample(path, "calibration", is_defective=False) for path in _flat(folder, _VALIDATION)]
    test: list[Sample] = []
    for part in subfolders(folder):
        if part.name.lower().startswith("test"):
            test += _test_samples(maker, folder, part, labels)
    return Category(name, folder, in_order(train), tuple(test), in_order(calibration), masks_among(*train, *test, *calibration))


def _normal_folders(folder: Path, parts: tuple[str, ...]) -> list[Path]:
    return [
        kind
        for place in subfolders(folder)
        if place.name.lower() in parts
        for kind in subfolders(place)
        if says_normal(kind.name)
    ]


def _flat(folder: Path, parts: tuple[str, ...]) -> list[Path]:
    """Images right inside of a part."""
    return [path for place in subfolders(folder) if place.name.lower() in parts for path in pictures_in(place)]


def _test_samples(maker: SampleMaker, folder: Path, part: Path, labels: dict[str, Label]) -> Iterator[Sample]:
    for path in pictures_in(part):
        yield maker.sample(path, "test", None)
    for kind in subfolders(part):
        if kind.name.lower() in MASK_FOLDERS:
            continue
        label = labels.get(as_text(kind.name)) or label_of(kind.name)
        if label is None:
            raise DataError(
                f"{kind}: are these images normal or defective? Say so with --label {as_text(kind.name)}=normal (in params.yaml: "
                f"datasets.{maker.dataset}.labels), or rename the folder to good, or to the kind of defect"
            )
        if label == "defective":
            for path, masks in images_with_masks(kind, _masks_of(folder, part, kind.name)):
                yield maker.sample(path, "test", True, kind.name, masks)
        else:
            yield from maker.samples(kind, "test", is_defective=False if label == "normal" else None)


def _masks_of(folder: Path, part: Path, kind: str) -> Path:
    """The folder of a kind's masks: inside its test folder, or else beside it; it need not be there."""
    places = [place / kind for above in (part, folder) for place in subfolders(above) if place.name.lower() in MASK_FOLDERS]
    return next((place for place in places if place.is_dir()), folder / MASK_FOLDERS[0] / kind)
