"""Reader of Real-IAD as published: ``CATEGORY/OK/…``, ``CATEGORY/NG/KIND/…`` and one JSON file of the split a category.

The split file is ``CATEGORY.json`` beside the categories, or in ``realiad_jsons`` (or ``realiad_jsons/realiad_jsons``)
there or one folder above. It names each image, its mask and its class. Where there is none, or it lists nothing, all
images of ``OK`` are for training and those of ``NG`` for testing, each with the mask beside it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from eagle_core.data.dataset import Category, SampleMaker, images_below, name_of, subfolders
from eagle_core.data.text_file import read_json, relative_path
from eagle_core.errors import DataError
from eagle_core.names import as_text, from_text
from eagle_core.records import Sample, Split

NORMAL, DEFECTIVE = "OK", "NG"


def category_folders(root: Path) -> dict[str, Path]:
    """Folders by category name."""
    if _is_category(root):
        return {name_of(root): root}
    return {as_text(folder.name): folder for folder in subfolders(root) if _is_category(folder)}


def read_category(dataset: str, root: Path, name: str, folder: Path) -> Category:
    """Read one category by its split file.

    Raises:
        DataError: The split file is not of Real-IAD's form; file and entry are named.
    """
    maker = SampleMaker(dataset, root, name)
    train: list[Sample] = []
    test: list[Sample] = []
    split_file = _split_file(folder)
    if split_file is not None:
        content = read_json(split_file)
        train = _listed(maker, split_file, content, folder, "train")
        test = _listed(maker, split_file, content, folder, "test")
    if not train and not test:
        train, test = list(maker.samples(folder / NORMAL, "train", is_defective=False)), _unlisted(maker, folder)
    return Category(name, folder, tuple(sorted(train, key=lambda sample: sample.image_id)), tuple(test))


def _is_category(folder: Path) -> bool:
    """``OK`` and ``NG``, folders of samples (``S0001``) in the former: plain folders may be called like that too."""
    samples = subfolders(folder / NORMAL)
    return (folder / DEFECTIVE).is_dir() and bool(samples) and all(re.fullmatch(r"S\d+", path.name) for path in samples)


def _split_file(folder: Path) -> Path | None:
    beside = folder.absolute().parent
    places = [above / inside for above in (beside, beside.parent) for inside in (".", "realiad_jsons", "realiad_jsons/realiad_jsons")]
    return next((place / f"{folder.name}.json" for place in places if (place / f"{folder.name}.json").is_file()), None)


def _listed(maker: SampleMaker, file: Path, content: Any, folder: Path, split: Split) -> list[Sample]:
    entries = content.get(split, []) if isinstance(content, dict) else None
    meta = content.get("meta", {}) if isinstance(content, dict) else {}
    if not isinstance(entries, list) or not isinstance(meta, dict):
        raise DataError(f"{file}: not Real-IAD's form (meta, train, test); take the file of its archive")
    normal = meta.get("normal_class", NORMAL)
    samples = []
    for number, entry in enumerate(entries):
        where = f"{file}: {split}, entry {number}"
        image, kind = (entry.get(key) for key in ("image_path", "anomaly_class")) if isinstance(entry, dict) else (None, None)
        if not isinstance(image, str) or not isinstance(kind, str):
            raise DataError(f"{where}: image_path and anomaly_class must be text; take the file of Real-IAD's archive")
        defective = kind != normal
        if split == "train" and defective:
            raise DataError(f"{where}: {image} is of class {kind}; the expert is fitted on normal images only")
        mask = entry.get("mask_path") if defective else None
        masks = (_inside(folder, mask, where),) if isinstance(mask, str) and mask else ()
        samples.append(maker.sample(_inside(folder, image, where), split, defective, kind if defective else None, masks))
    return samples


def _inside(folder: Path, relative: str, where: str) -> Path:
    """A path of the split file, which is relative to the category's folder."""
    return folder / from_text(str(relative_path(relative, where)))


def _unlisted(maker: SampleMaker, folder: Path) -> list[Sample]:
    samples = []
    for kind in subfolders(folder / DEFECTIVE):
        found = images_below(kind)
        by_place = {(path.parent, path.stem): path for path in found if path.suffix.lower() == ".png"}
        for path in found:
            if path.suffix.lower() == ".png" and any(other.stem == path.stem for other in found if other.suffix.lower() != ".png"):
                continue
            mask = by_place.get((path.parent, path.stem))
            masks = (mask,) if mask is not None and mask != path else ()
            samples.append(maker.sample(path, "test", True, kind.name, masks))
    return samples
