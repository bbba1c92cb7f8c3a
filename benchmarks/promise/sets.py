"""The image sets on which promised rates are measured, and how the normal images of each are divided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eagle_core.calibration.known_groups import KnownGroups
from eagle_core.calibration.resplits import Resplit, resplit
from eagle_core.config import GroupsConfig
from eagle_core.data import elpv, mvtec
from eagle_core.data.groups import known_groups
from eagle_core.errors import DataError
from eagle_core.records import Sample

PLACES = ("cookie", "papers", "bottle", "screw", "elpv", "demo", "ball_screw")
"""The quick ones first."""
PATTERNS = {"ball_screw": r"_\d{12}_(\d+)_", "papers": r"ND_(\d+)_"}
"""File names of these sets tell the position of the spindle, and the sheet of paper."""
ANOTHER_DAY = "ball_screw"
"""Measured a second time as it is split: 11 positions of the spindle to fit on, 4 others to test on."""
TRAIN, TEST = 50, 50
"""At most so many normal images a resplit: what a line has after a morning, and what one core can do 20 times."""
FRAMES = {"ball_screw": 130}
"""Where many frames show the same part, so many: thinned out to 50 they would hardly repeat each other."""


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Normal and defective images of one category."""

    name: str
    normal: list[Sample]
    defective: list[Sample]
    groups: KnownGroups | None
    later: frozenset[str] = frozenset()
    """Images (ids) of another day: tested on and never fitted on; empty: all normal images are divided alike."""

    @property
    def repeats_enough(self) -> int:
        """Resplits that say something: where the split is fixed, only folds and coresets differ."""
        return 5 if self.later else 1000

    @property
    def group_names(self) -> np.ndarray:
        """``(N,)``: the group of each normal image; its own where none are known."""
        return np.array([s.image_id if self.groups is None else self.groups.of[s.image_id] for s in self.normal])

    def divided(self, seed: int) -> Resplit:
        """Indices into ``normal``: those to fit and to calibrate on, and at most ``TEST`` to test on, by whole groups.

        Where there is another day, all images before it are fitted on and all of it is tested on.
        """
        names, generator = self.group_names, np.random.default_rng(seed)
        if self.later:
            later = np.array([s.image_id in self.later for s in self.normal])
            earlier = np.flatnonzero(~later)
            first = resplit(names[earlier], train=len(earlier), test=len(earlier), seed=seed)
            # The group that a resplit keeps for testing is fitted on here.
            fitted = np.sort(earlier[np.concatenate([first.train, first.test])])
            return Resplit(fitted, earlier[first.calibration], np.flatnonzero(later))
        train = FRAMES.get(self.name, TRAIN)
        pool = np.sort(generator.permutation(len(names))[: 2 * train])
        parts = resplit(names[pool], train=min(train, 2 * len(pool) // 3), test=TEST, seed=seed)
        return Resplit(*(pool[part] for part in parts))


def sets(data: Path | None, demo: Path) -> Iterator[ImageSet]:
    """The sets that are there; what is missing is said."""
    for place in PLACES:
        if place == "elpv":
            yield from _solar_cells()
            continue
        folder = demo if place == "demo" else data / place if data else None
        if folder is None or not folder.is_dir():
            print(f"{place}: not there, left out")
            continue
        for name, category in sorted(mvtec.category_folders(folder).items()):
            yield from _of_folder(name if name == place else f"{place}/{name}", folder, category, PATTERNS.get(place))


def _solar_cells() -> Iterator[ImageSet]:
    try:
        drawn = elpv.draw(elpv.installed_cells()[0], elpv.ElpvSplit())
    except DataError as error:
        print(f"elpv: {error}")
        return
    for kind in ("mono", "poly"):
        normal = [p for part in ("train", "test") for p in drawn[f"elpv/{kind}/{part}/good"]]
        wrong = drawn[f"elpv/{kind}/test/defective"]
        yield ImageSet(f"elpv/{kind}", _samples(normal, defective=False), _samples(wrong, defective=True), None)


def _of_folder(name: str, root: Path, folder: Path, pattern: str | None) -> Iterator[ImageSet]:
    read = mvtec.read_category("set", root, folder.name, folder, {})
    tested = [s for s in read.test if s.is_defective is False]
    normal, wrong = [*read.train, *tested], [s for s in read.test if s.is_defective]
    # Without a pattern, capture times in names and EXIF are used as `auto` uses them.
    groups = known_groups(normal, GroupsConfig(pattern=pattern), folder)
    yield ImageSet(name, normal, wrong, groups)
    if name == ANOTHER_DAY:
        yield ImageSet(f"{name}, another day", normal, wrong, groups, frozenset(s.image_id for s in tested))


def _samples(paths: list[Path], *, defective: bool) -> list[Sample]:
    return [Sample("set", "set", str(path), path, "test", defective) for path in paths]
