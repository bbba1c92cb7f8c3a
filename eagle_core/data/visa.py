"""Reader of VisA as published: the one-class split in ``split_csv/1cls.csv``, images and masks where it says.

anomalib's ``Visa`` datamodule is not used: it copies the whole dataset into MVTec's layout before reading it.
Such a copy (``visa_pytorch/``) is read with format ``mvtec``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from eagle_core.data.dataset import Category, SampleMaker
from eagle_core.data.text_file import read_csv_rows, relative_path
from eagle_core.errors import DataError
from eagle_core.records import Sample, Split

SPLIT_FILE = Path("split_csv") / "1cls.csv"
_COLUMNS = ("object", "split", "label", "image", "mask")
_DEFECTIVE = "anomaly"


@dataclass(frozen=True, slots=True)
class _Row:
    split: Split
    is_defective: bool
    image: Path
    mask: Path | None


def read_categories(dataset: str, root: Path) -> dict[str, Category]:
    """Read every category that the split file names. VisA's split knows one kind of defect: ``anomaly``.

    Raises:
        DataError: The split file is missing or has a row that cannot be understood; file and line are named.
    """
    categories = {}
    for name, rows in sorted(_rows_by_object(root).items()):
        maker = SampleMaker(dataset, root, name)
        splits: dict[Split, list[Sample]] = {"train": [], "test": []}
        for row in sorted(rows, key=lambda row: row.image.as_posix()):
            kind = _DEFECTIVE if row.is_defective else None
            masks = () if row.mask is None else (row.mask,)
            splits[row.split].append(maker.sample(row.image, row.split, row.is_defective, kind, masks))
        categories[name] = Category(name, root / name, tuple(splits["train"]), tuple(splits["test"]))
    return categories


def _rows_by_object(root: Path) -> dict[str, list[_Row]]:
    split_file = root / SPLIT_FILE
    if not split_file.is_file():
        raise DataError(
            f"{split_file}: no such file; root must be VisA's folder that holds split_csv/1cls.csv"
        )
    rows = defaultdict(list)
    for row in read_csv_rows(split_file, _COLUMNS):
        rows[row.values["object"]].append(_parse(row.values, root, f"{split_file}, line {row.line}"))
    if not rows:
        raise DataError(f"{split_file}: lists no image; take the file of VisA's archive")
    return rows


def _parse(row: dict[str, str], root: Path, where: str) -> _Row:
    split, label, image, mask = row["split"], row["label"], row["image"], row["mask"]
    if split not in ("train", "test"):
        raise DataError(f"{where}: split is {split!r}; it must be train or test")
    if label not in ("normal", _DEFECTIVE):
        raise DataError(f"{where}: label is {label!r}; it must be normal or {_DEFECTIVE}")
    if split == "train" and label == _DEFECTIVE:
        raise DataError(f"{where}: a defective training image; the expert is fitted on normal images only")
    name = row["object"]
    if not name or not image:
        raise DataError(f"{where}: object or image is empty; take the file of VisA's archive")
    if PurePosixPath(name).name != name or name == "..":
        raise DataError(f"{where}: object is {name!r}; it must be the name of a folder")
    return _Row(
        "train" if split == "train" else "test",
        label == _DEFECTIVE,
        _inside(root, image, where),
        _inside(root, mask, where) if mask else None,
    )


def _inside(root: Path, relative: str, where: str) -> Path:
    return root / relative_path(relative, where)
