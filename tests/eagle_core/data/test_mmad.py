"""MMAD's datasets as mmad.json lists them: entries are test images, templates are training images."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from eagle_core.config import DatasetConfig
from eagle_core.data.catalogue import detect_format, load_dataset
from eagle_core.data.mmad_questions import AskedImage, read_questions, write_questions
from eagle_core.errors import DataError
from eagle_core.guidance.prompt import DEFECT_QUESTION

ASKED = (dataclasses.replace(DEFECT_QUESTION, correct_letter="A"),)
ENTRIES = (
    AskedImage(
        "DS-MVTec/bottle/image/broken/001.png", ASKED, ("MVTec-AD/bottle/train/good/7.png",),
        ("MVTec-AD/bottle/train/good/3.png", "MVTec-AD/bottle/train/good/7.png"), "rbg_mask/broken/001.png",
    ),
    AskedImage("DS-MVTec/bottle/image/good/000.png", ASKED, (), ("MVTec-AD/bottle/train/good/3.png",)),
    AskedImage("DS-MVTec/screw/image/bent/000.png", ASKED, (), ("MVTec-AD/screw/train/good/0.png",), "rbg_mask/bent/000.png"),
    AskedImage("VisA/candle/test/bad/000.JPG", ASKED),
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_questions(ENTRIES, tmp_path / "mmad.json")
    mask = tmp_path / "DS-MVTec/bottle/rbg_mask/broken/001.png"
    mask.parent.mkdir(parents=True)
    mask.touch()
    return tmp_path / "DS-MVTec"


def test_entries_are_tested_and_their_templates_are_trained_on(root: Path) -> None:
    dataset = load_dataset(DatasetConfig(name="ds_mvtec", format="mmad", root=root))
    assert list(dataset.categories) == ["bottle", "screw"]
    bottle = dataset.categories["bottle"]
    assert [s.image_id for s in bottle.train] == ["MVTec-AD/bottle/train/good/3.png", "MVTec-AD/bottle/train/good/7.png"]
    assert [(s.image_id, s.is_defective, s.defect_kind) for s in bottle.test] == [
        ("DS-MVTec/bottle/image/broken/001.png", True, "broken"),
        ("DS-MVTec/bottle/image/good/000.png", False, None),
    ]
    assert [s.image_path for s in bottle.test] == [root.parent / s.image_id for s in bottle.test]
    assert bottle.test[0].mask_path == root / "bottle/rbg_mask/broken/001.png"
    assert dataset.categories["screw"].test[0].mask_path is None, "this mask is not there"


def test_the_layout_is_told_from_the_file_beside_the_folder(root: Path) -> None:
    assert detect_format(root) == "mmad"
    other = root.parent / "Unlisted"
    other.mkdir()
    assert detect_format(other) is None


def test_a_category_without_templates_cannot_be_fitted(root: Path) -> None:
    (root.parent / "VisA").mkdir()
    with pytest.raises(DataError, match="candle has no normal training image"):
        load_dataset(DatasetConfig(name="visa", format="mmad", root=root.parent / "VisA"))


def test_without_the_file_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "DS-MVTec").mkdir()
    with pytest.raises(DataError, match=r"mmad\.json: no such file"):
        load_dataset(DatasetConfig(name="ds_mvtec", format="mmad", root=tmp_path / "DS-MVTec"))


def test_mmads_own_entries_are_listed_though_their_images_are_absent(real_data: Path, tmp_path: Path) -> None:
    shutil.copyfile(real_data / "mmad/DS-MVTec-small.json", tmp_path / "mmad.json")
    (tmp_path / "DS-MVTec").mkdir()
    assert not read_questions(tmp_path / "mmad.json").faults
    stored = json.loads((tmp_path / "mmad.json").read_text())
    dataset = load_dataset(DatasetConfig(name="ds_mvtec", format="mmad", root=tmp_path / "DS-MVTec"))
    samples = [s for category in dataset.categories.values() for s in category.test]
    assert sorted(s.image_id for s in samples) == sorted(stored)
    assert not any(s.image_path.is_file() or s.mask_path for s in samples)
    assert all(("good" in s.image_id.split("/")) != s.is_defective for s in samples)
