"""The ELPV benchmark of solar cells from its installed Python package, as two categories in MVTec's layout.

2,624 electroluminescence photographs, each labelled with a cell type (mono, poly) and a probability of a defect:
0, 1/3, 2/3 or 1. Only 0 and 1 are taken as labels. What the experts who labelled them were unsure about goes into a
folder of its own, where it can be judged and counts in no figure. The benchmark has no split and does not say which
cells are of the same module: the split is drawn image by image.
"""

from __future__ import annotations

import csv
import importlib.metadata
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eagle_core.counted import counted
from eagle_core.errors import DataError

DISTRIBUTION, VERSION, EXTRA = "elpv-dataset", "1.0.0.post1", "solar"
LABELS = "elpv_dataset/data/labels.csv"
NOTICE = (
    "ELPV: electroluminescence photographs of solar cells (Buerhop-Lutz et al. 2018, Deitsch et al. 2019 and 2021), "
    "licensed CC BY-NC-SA 4.0: not for commercial use, name the authors, share alike."
)
DATASET, DOUBTFUL = "elpv", "elpv_doubtful"
"""Folders below data/: what is labelled, and what its labellers were unsure about."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One photograph of the benchmark."""

    path: Path
    category: str
    """mono or poly."""
    probability: float
    """Of a defect, as labelled: 0, 1/3, 2/3 or 1."""


@dataclass(frozen=True, slots=True)
class ElpvSplit:
    """How many images of a category are drawn; the others stay in the package."""

    train: int = 300
    """Normal images to fit on."""
    test: int = 150
    """Of each, normal and defective, to test on."""
    seed: int = 0


def installed_cells() -> tuple[list[Cell], Path]:
    """All cells of the installed package, in its order, and the file of its licence.

    Raises:
        DataError: The package is not installed, or a file of it is missing or not as expected.
    """
    try:
        distribution = importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as error:
        raise DataError(
            f"elpv comes in the Python package {DISTRIBUTION}, which is not installed; "
            f"pip install {DISTRIBUTION}=={VERSION} (extra {EXTRA} of eagle-iad)"
        ) from error
    labels = Path(str(distribution.locate_file(LABELS)))
    licences = [f for f in distribution.files or () if f.name.startswith("LICENSE")]
    if not labels.is_file() or not licences:
        raise DataError(f"{labels}: missing from the installed {DISTRIBUTION}; pip install --force-reinstall {DISTRIBUTION}")
    cells = [_cell(line, labels) for line in labels.read_text(encoding="utf-8").splitlines() if line.strip()]
    return cells, Path(str(distribution.locate_file(licences[0])))


def _cell(line: str, labels: Path) -> Cell:
    try:
        name, probability, category = next(csv.reader([line], delimiter=" ", skipinitialspace=True))
        return Cell(labels.parent / name, category, float(probability))
    except ValueError as error:
        raise DataError(f"{labels}: {line!r} is not a path, a probability and a type; is it version {VERSION}?") from error


def draw(cells: list[Cell], split: ElpvSplit) -> dict[str, list[Path]]:
    """Images by folder: ``elpv/mono/train/good``, …, and ``elpv_doubtful/mono`` for those without a sure label.

    Raises:
        DataError: A category has fewer images than are to be drawn.
    """
    drawn: dict[str, list[Path]] = {}
    for category in sorted({cell.category for cell in cells}):
        by_label: dict[float, list[Path]] = defaultdict(list)
        for cell in cells:
            if cell.category == category:
                by_label[cell.probability].append(cell.path)
        normal, defective = (_shuffled(by_label[label], split.seed) for label in (0.0, 1.0))
        if len(normal) < split.train + split.test or len(defective) < split.test:
            raise DataError(
                f"elpv/{category} has {len(normal)} normal and {counted(len(defective), 'defective image')}: too few for "
                f"{split.train} + {split.test} and {split.test}; ask for fewer"
            )
        drawn[f"{DATASET}/{category}/train/good"] = sorted(normal[: split.train])
        drawn[f"{DATASET}/{category}/test/good"] = sorted(normal[split.train : split.train + split.test])
        drawn[f"{DATASET}/{category}/test/defective"] = sorted(defective[: split.test])
        drawn[f"{DOUBTFUL}/{category}"] = sorted(p for label in by_label if label not in (0.0, 1.0) for p in by_label[label])
    return drawn


def _shuffled(paths: list[Path], seed: int) -> list[Path]:
    return [paths[i] for i in np.random.default_rng(seed).permutation(len(paths))]


def write(drawn: dict[str, list[Path]], licence: Path, folder: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the images below ``folder``, and their licence beside them."""
    total, done = sum(map(len, drawn.values())), 0
    for place, paths in drawn.items():
        (folder / place).mkdir(parents=True)
        for path in paths:
            shutil.copyfile(path, folder / place / path.name)
            done += 1
            progress(done, total)
    for name in (DATASET, DOUBTFUL):
        shutil.copyfile(licence, folder / name / licence.name)
