"""Finds each image's masks: in a folder of masks that mirrors the folder of images, by name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

from eagle_core.data.dataset import images_below, masks_beside

MASK_FOLDERS = ("ground_truth", "groundtruth", "ground-truth", "gt", "masks", "mask")
"""What folders of masks are called, in any case of letters."""
_ENDING = re.compile(r"[_-](mask|gt|label)s?([_-]?\d+)?$", re.IGNORECASE)


def images_with_masks(images: Path, masks: Path) -> list[tuple[Path, tuple[Path, ...]]]:
    """Each image in ``images`` or below with its masks in ``masks``.

    A mask lies at the same place below its folder and is called like its image, with or without the image's ending, and
    with or without ``_mask`` (also ``_gt``, ``_label``, and a number where there are several); or all masks of an image
    lie in a folder that is called like it (MVTec LOCO). Where sub-folders of the images are not repeated among the
    masks, the name alone decides, if only one image has it. Where none is there, a file ``0_mask.png`` beside ``0.png`` is its mask.
    """
    by_place: dict[tuple[str, str], list[Path]] = defaultdict(list)
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for path in images_below(masks):
        place = path.parent.relative_to(masks)
        for stem in {path.stem, _ENDING.sub("", path.stem)}:
            by_place[place.as_posix(), stem].append(path)
            if place == Path():
                by_stem[stem].append(path)
        by_place[place.parent.as_posix(), place.name].append(path)
    every = images_below(images)
    beside = masks_beside(every)
    of_beside: dict[Path, list[Path]] = defaultdict(list)
    for mask, image in beside.items():
        of_beside[image].append(mask)
    found = [path for path in every if path not in beside]
    names = Counter(path.stem for path in found)
    pairs = []
    for path in found:
        inside = path.parent.relative_to(images).as_posix()
        of_image = by_place.get((inside, path.name)) or by_place.get((inside, path.stem))
        if not of_image and names[path.stem] == 1:
            of_image = by_stem.get(path.stem)
        pairs.append((path, tuple(sorted(of_image or of_beside.get(path) or []))))
    return pairs
