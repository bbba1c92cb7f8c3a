"""ELPV's split: labels as published, every image in one place, decided by the seed."""

from __future__ import annotations

import importlib.metadata
from collections import Counter

import pytest

from eagle_core.data.elpv import ElpvSplit, draw, installed_cells
from eagle_core.errors import DataError


def test_the_package_holds_the_published_benchmark() -> None:
    """2,624 images; the counts by type and label as in labels.csv."""
    cells, licence = installed_cells()
    assert Counter((c.category, round(c.probability, 2)) for c in cells) == {
        ("mono", 0.0): 588,
        ("mono", 0.33): 117,
        ("mono", 0.67): 56,
        ("mono", 1.0): 313,
        ("poly", 0.0): 920,
        ("poly", 0.33): 178,
        ("poly", 0.67): 50,
        ("poly", 1.0): 402,
    }
    assert all(cell.path.is_file() for cell in cells)
    assert "Attribution-NonCommercial-ShareAlike 4.0" in licence.read_text(encoding="utf-8")


def test_a_split_puts_each_image_in_one_place_by_its_label() -> None:
    cells, _ = installed_cells()
    labels = {cell.path: (cell.category, cell.probability) for cell in cells}
    drawn = draw(cells, ElpvSplit(train=300, test=150, seed=0))
    every = [path for paths in drawn.values() for path in paths]
    assert len(every) == len(set(every)) == 2 * (300 + 150 + 150) + 173 + 228
    for place, paths in drawn.items():
        _, category, *part = place.split("/")
        allowed = {("train", "good"): {0.0}, ("test", "good"): {0.0}, ("test", "defective"): {1.0}}
        wanted = allowed.get(tuple(part), {1 / 3, 2 / 3})  # type: ignore[arg-type]
        assert {labels[p] for p in paths} <= {(category, label) for label in wanted}
    assert drawn == draw(cells, ElpvSplit(300, 150, 0))
    other = draw(cells, ElpvSplit(300, 150, 1))
    assert drawn["elpv/mono/train/good"] != other["elpv/mono/train/good"]


def test_too_many_are_refused() -> None:
    cells, _ = installed_cells()
    with pytest.raises(DataError, match=r"elpv/mono has 588 normal and 313 defective images: too few for 500 \+ 150"):
        draw(cells, ElpvSplit(train=500))


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(DataError, match=r"pip install elpv-dataset==1\.0\.0\.post1 \(extra solar of eagle-iad\)"):
        installed_cells()
