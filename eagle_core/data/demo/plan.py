"""Which images the demo consists of: their places in MVTec-AD's layout and the seed of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eagle_core.data.demo.objects import OBJECTS
from eagle_core.data.demo.scenery import Product
from eagle_core.data.demo.textures import TEXTURES

PRODUCTS: dict[str, Product] = {**TEXTURES, **OBJECTS}
"""The categories by name."""
SEED = 20
TRAIN_NORMAL = 160
TEST_NORMAL = 26
TEST_DEFECTIVE = 13
"""For each kind."""
SCENES_FILE = "scenes.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """One image to be made."""

    category: str
    image: str
    """Path below the demo's root, with forward slashes."""
    mask: str | None
    kind: str | None
    """Key of DEFECT_KINDS; None: normal."""
    seed: tuple[int, ...]


def plan_category(category: str) -> Iterator[Plan]:
    """The images of one category: training, normal test, then kind by kind."""
    number = list(PRODUCTS).index(category)
    groups: list[tuple[str, str | None, int]] = [("train/good", None, TRAIN_NORMAL), ("test/good", None, TEST_NORMAL)]
    groups += [(f"test/{folder_of(defect)}", defect, TEST_DEFECTIVE) for defect in PRODUCTS[category].kinds]
    for group, (folder, kind, count) in enumerate(groups):
        for index in range(count):
            mask = f"{category}/ground_truth/{folder_of(kind)}/{index:03}_mask.png" if kind else None
            yield Plan(category, f"{category}/{folder}/{index:03}.png", mask, kind, (SEED, number, group, index))


def folder_of(kind: str) -> str:
    """Name of the folder of a kind of defect."""
    return kind.replace(" ", "_")
