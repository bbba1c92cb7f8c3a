"""Published datasets as they are unpacked: each split, each mask and each kind where its authors put them.

The copies are small; names and places are those of the archives, as anomalib's readers and the authors' own state them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eagle_core.config import DatasetConfig
from eagle_core.data.audit import audit
from eagle_core.data.catalogue import Category, detect_format, load_dataset
from eagle_core.data.images import read_masks_of
from eagle_core.errors import DataError

SIZE = (24, 16)


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)).save(path)


def mask(path: Path, columns: slice = slice(4, 9), value: int = 255) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros(SIZE[::-1], np.uint8)
    pixels[3:8, columns] = value
    Image.fromarray(pixels).save(path)


def photos(folder: Path, count: int, seed: int, name: str = "{:03}.png") -> None:
    for number in range(count):
        photo(folder / name.format(number), seed + number)


def read(root: Path, layout: str) -> dict[str, Category]:
    assert detect_format(root) == layout
    return load_dataset(DatasetConfig.model_validate({"name": "published", "format": layout, "root": root})).categories


def counts(category: Category) -> tuple[int, int, int, int, int]:
    """Training, calibration, normal, defective and unlabelled images."""
    labels = [sample.is_defective for sample in category.test]
    return len(category.train), len(category.calibration), labels.count(False), labels.count(True), labels.count(None)


def errors(root: Path, layout: str) -> list[str]:
    from eagle_core.data.catalogue import list_dataset

    found = audit(list_dataset(DatasetConfig.model_validate({"name": "published", "format": layout, "root": root})))
    return [finding.message for finding in found if finding.severity == "error"]


def test_mvtec_ad_2(tmp_path: Path) -> None:
    can, name = tmp_path / "can", "{:03}_regular.png"
    photos(can / "train/good", 5, 0, name)
    photos(can / "validation/good", 3, 10, name)
    photos(can / "test_public/good", 2, 20, name)
    photos(can / "test_public/bad", 2, 30, "{:03}_overexposed.png")
    for number in range(2):
        mask(can / f"test_public/ground_truth/bad/{number:03}_overexposed_mask.png")
    photos(can / "test_private", 4, 40, name)
    photos(can / "test_private_mixed", 6, 50, "{:03}_mixed.png")
    category = read(tmp_path, "mvtec")["can"]
    assert counts(category) == (5, 3, 2, 2, 10)
    assert all(sample.masks for sample in category.test if sample.is_defective)
    assert errors(tmp_path, "mvtec") == []


def test_mvtec_loco_several_masks_and_both_kinds(tmp_path: Path) -> None:
    pins = tmp_path / "pushpins"
    photos(pins / "train/good", 5, 0)
    photos(pins / "validation/good", 2, 10)
    photos(pins / "test/good", 2, 20)
    photos(pins / "test/logical_anomalies", 2, 30)
    photos(pins / "test/structural_anomalies", 1, 40)
    mask(pins / "ground_truth/logical_anomalies/000/000.png", slice(2, 6), 250)
    mask(pins / "ground_truth/logical_anomalies/000/001.png", slice(10, 15), 249)
    mask(pins / "ground_truth/logical_anomalies/001/000.png")
    mask(pins / "ground_truth/structural_anomalies/000/000.png")
    category = read(tmp_path, "mvtec")["pushpins"]
    assert counts(category) == (5, 2, 2, 3, 0)
    kinds = {sample.image_id.removeprefix("pushpins/test/"): (sample.defect_kind, len(sample.masks)) for sample in category.test}
    assert kinds["logical_anomalies/000.png"] == ("logical_anomalies", 2)
    assert kinds["structural_anomalies/000.png"] == ("structural_anomalies", 1)
    [both] = [sample for sample in category.test if len(sample.masks) == 2]
    assert read_masks_of(both, SIZE).defective.sum() == 5 * 4 + 5 * 5  # rows 3..7; columns 2..5 and 10..14
    assert errors(tmp_path, "mvtec") == []


def test_btad_with_masks_of_another_ending(tmp_path: Path) -> None:
    for name, ending, of_mask in [("01", "bmp", "png"), ("03", "bmp", "bmp")]:
        photos(tmp_path / name / "train/ok", 5, int(name) * 100, f"{{:04}}.{ending}")
        photos(tmp_path / name / "test/ok", 2, int(name) * 100 + 10, f"{{:04}}.{ending}")
        photos(tmp_path / name / "test/ko", 2, int(name) * 100 + 20, f"{{:04}}.{ending}")
        for number in range(2):
            mask(tmp_path / name / f"ground_truth/ko/{number:04}.{of_mask}")
    categories = read(tmp_path, "mvtec")
    assert {name: counts(category) for name, category in categories.items()} == {"01": (5, 0, 2, 2, 0), "03": (5, 0, 2, 2, 0)}
    assert all(sample.masks for category in categories.values() for sample in category.test if sample.is_defective)
    assert errors(tmp_path, "mvtec") == []


def test_mpdd_and_goods_ad_are_laid_out_as_mvtec_ad(tmp_path: Path) -> None:
    photos(tmp_path / "metal_plate/train/good", 5, 0)
    photos(tmp_path / "metal_plate/test/good", 1, 10)
    photos(tmp_path / "metal_plate/test/major_rust", 1, 20)
    mask(tmp_path / "metal_plate/ground_truth/major_rust/000_mask.png")
    photos(tmp_path / "drink_bottle/train/good", 5, 30, "001{:03}.jpg")
    photos(tmp_path / "drink_bottle/test/good", 1, 40, "001{:03}.jpg")
    photos(tmp_path / "drink_bottle/test/cap_open", 1, 50, "001{:03}.jpg")
    mask(tmp_path / "drink_bottle/ground_truth/cap_open/001000.png")
    categories = read(tmp_path, "mvtec")
    assert {name: counts(category) for name, category in categories.items()} == dict.fromkeys(("metal_plate", "drink_bottle"), (5, 0, 1, 1, 0))
    assert all(sample.masks for category in categories.values() for sample in category.test if sample.is_defective)


def real_iad(root: Path, jsons: Path) -> None:
    """Two train and one test image of OK, one image of NG with its mask; a third OK image that the split leaves out."""
    images = root / "audiojack"
    for number in range(4):
        photo(images / f"OK/S{number:04}/audiojack_{number:04}_OK_C1_20231.jpg", number)
    photo(images / "NG/HS/S0001/audiojack_0001_NG_HS_C1_20231.jpg", 9)
    mask(images / "NG/HS/S0001/audiojack_0001_NG_HS_C1_20231.png")

    def entry(path: str, kind: str = "OK", of: str | None = None) -> dict[str, str | None]:
        return {"category": "audiojack", "anomaly_class": kind, "image_path": path, "mask_path": of}

    split = {
        "meta": {"prefix": "audiojack/", "normal_class": "OK"},
        "train": [entry(f"OK/S{n:04}/audiojack_{n:04}_OK_C1_20231.jpg") for n in (0, 1)],
        "test": [
            entry("OK/S0002/audiojack_0002_OK_C1_20231.jpg"),
            entry(
                "NG/HS/S0001/audiojack_0001_NG_HS_C1_20231.jpg", "HS", "NG/HS/S0001/audiojack_0001_NG_HS_C1_20231.png"
            ),
        ],
    }
    jsons.mkdir(parents=True, exist_ok=True)
    (jsons / "audiojack.json").write_text(json.dumps(split))


@pytest.mark.parametrize("place", [".", "realiad_jsons", "../realiad_jsons/realiad_jsons"])
def test_real_iad_by_its_split_file(tmp_path: Path, place: str) -> None:
    root = tmp_path / "realiad_256"
    root.mkdir()
    real_iad(root, root / place)
    category = read(root, "real_iad")["audiojack"]
    assert counts(category) == (2, 0, 1, 1, 0)
    [defective] = [sample for sample in category.test if sample.is_defective]
    assert defective.defect_kind == "HS"
    assert [path.suffix for path in defective.masks] == [".png"]


def test_real_iad_without_a_split_file_is_split_by_label(tmp_path: Path) -> None:
    real_iad(tmp_path, tmp_path)
    (tmp_path / "audiojack.json").write_text('{"meta": {}, "train": [], "test": []}')
    category = read(tmp_path, "real_iad")["audiojack"]
    assert counts(category) == (4, 0, 0, 1, 0)
    assert [len(sample.masks) for sample in category.test] == [1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "not Real-IAD's form"),
        ('{"train": [{"image_path": 3}]}', "train, entry 0: image_path and anomaly_class must be text"),
        ('{"test": [{"image_path": "../secret.png", "anomaly_class": "OK"}]}', "leaves the dataset's folder"),
        ('{"train": [{"image_path": "a.png", "anomaly_class": "HS"}]}', "fitted on normal images only"),
    ],
)
def test_a_wrong_split_file_of_real_iad_is_named(tmp_path: Path, content: str, words: str) -> None:
    real_iad(tmp_path, tmp_path)
    (tmp_path / "audiojack.json").write_text(content)
    with pytest.raises(DataError, match=words) as caught:
        read(tmp_path, "real_iad")
    assert "audiojack.json" in str(caught.value)


def test_kolektor_sdd2_is_labelled_by_its_masks(tmp_path: Path) -> None:
    for part, count in (("train", 6), ("test", 3)):
        for number in range(count):
            photo(tmp_path / part / f"{10000 + number}.png", number + len(part) * 10)
            mask(tmp_path / part / f"{10000 + number}_GT.png", value=255 if number == 0 else 0)
    [category] = read(tmp_path, "kolektor_sdd2").values()
    assert counts(category) == (5, 0, 2, 1, 0)
    assert errors(tmp_path, "kolektor_sdd2") == []


@pytest.mark.parametrize("name", ["good", "Good", "OK", "ok", "normal", "NORMAL", "no_defect", "i.O.", "合格", "ok_1"])
def test_normal_test_images_in_any_words(tmp_path: Path, name: str) -> None:
    photos(tmp_path / "cup/train/good", 5, 0)
    photos(tmp_path / "cup/test" / name, 2, 10)
    photos(tmp_path / "cup/test/crack", 1, 20)
    assert counts(read(tmp_path, "mvtec")["cup"]) == (5, 0, 2, 1, 0)


@pytest.mark.parametrize("name", ["not_good", "no_good", "NG", "bad", "nok", "ko", "abnormal", "fine_scratch", "non-ok"])
def test_defects_in_words_that_look_like_normal(tmp_path: Path, name: str) -> None:
    photos(tmp_path / "cup/train/good", 5, 0)
    photos(tmp_path / "cup/test" / name, 2, 10)
    assert counts(read(tmp_path, "mvtec")["cup"]) == (5, 0, 0, 2, 0)


def test_a_name_that_does_not_tell_is_asked_for(tmp_path: Path) -> None:
    photos(tmp_path / "cup/train/good", 5, 0)
    photos(tmp_path / "cup/test/good_parts_of_monday", 2, 10)
    with pytest.raises(DataError, match="normal or defective.*--label good_parts_of_monday=normal"):
        read(tmp_path, "mvtec")
    for label, expected in (("normal", (5, 0, 2, 0, 0)), ("defective", (5, 0, 0, 2, 0)), ("unlabelled", (5, 0, 0, 0, 2))):
        config = {"name": "own", "root": tmp_path, "labels": {"good_parts_of_monday": label}}
        assert counts(load_dataset(DatasetConfig.model_validate(config)).categories["cup"]) == expected


def test_an_archive_that_unpacked_one_folder_deeper_is_pointed_at(tmp_path: Path) -> None:
    from eagle_core.data.catalogue import no_layout

    photos(tmp_path / "download/mvtec_ad_2/can/train/good", 2, 0)
    assert detect_format(tmp_path / "download" / "mvtec_ad_2") == "mvtec"
    assert "mvtec_ad_2 has one (mvtec); give that folder" in no_layout(tmp_path / "download")


def test_images_in_sub_folders_are_used_and_told(tmp_path: Path) -> None:
    photos(tmp_path / "cup/train/good/camera_a", 3, 0)
    photos(tmp_path / "cup/train/good/camera_b", 3, 10)
    photos(tmp_path / "cup/test/crack/camera_a", 2, 20)
    mask(tmp_path / "cup/ground_truth/crack/camera_a/000_mask.png")
    mask(tmp_path / "cup/ground_truth/crack/001.png")
    category = read(tmp_path, "mvtec")["cup"]
    assert counts(category) == (6, 0, 0, 2, 0)
    assert all(len(sample.masks) == 1 for sample in category.test)


def test_two_images_and_one_mask_are_an_error_that_names_both(tmp_path: Path) -> None:
    photos(tmp_path / "cup/train/good", 5, 0)
    photo(tmp_path / "cup/test/crack/0.png", 10)
    photo(tmp_path / "cup/test/crack/0.jpg", 11)
    mask(tmp_path / "cup/ground_truth/crack/0_mask.png")
    with pytest.raises(DataError, match=r"0_mask\.png: one mask for cup/test/crack/0\.jpg and cup/test/crack/0\.png"):
        read(tmp_path, "mvtec")
    mask(tmp_path / "cup/ground_truth/crack/0.jpg_mask.png")
    (tmp_path / "cup/ground_truth/crack/0_mask.png").rename(tmp_path / "cup/ground_truth/crack/0.png_mask.png")
    assert [len(sample.masks) for sample in read(tmp_path, "mvtec")["cup"].test] == [1, 1]
