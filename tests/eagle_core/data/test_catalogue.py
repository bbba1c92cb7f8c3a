"""The readers list the right samples in a fixed order, and say what is wrong with what they refuse."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from eagle_core.config import DatasetConfig
from eagle_core.data.catalogue import Dataset, detect_format, load_dataset
from eagle_core.data.images import read_rgb
from eagle_core.data.masks import read_mask
from eagle_core.errors import DataError


def touch(root: Path, *paths: str) -> Path:
    """Readers look at names only, so empty files do."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def load(root: Path, layout: str = "mvtec", categories: tuple[str, ...] | None = None) -> Dataset:
    return load_dataset(
        DatasetConfig.model_validate(
            {"name": "tried", "format": layout, "root": root, "categories": categories}
        )
    )


def listed(dataset: Dataset, category: str) -> list[tuple[str, str, bool | None, str | None, str | None]]:
    found = dataset.categories[category]
    return [
        (
            s.image_id,
            s.split,
            s.is_defective,
            s.defect_kind,
            s.mask_path.relative_to(dataset.root).as_posix() if s.mask_path else None,
        )
        for s in found.train + found.test
    ]


def test_mvtec_layout(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "tile/train/good/001.png", "tile/train/good/000.png", "tile/train/good/notes.txt",
        "tile/train/good/.hidden.png", "tile/test/good/000.PNG", "tile/test/crack/000.png",
        "tile/test/crack/1.jpg", "tile/test/crack/10.jpg", "tile/ground_truth/crack/000.png",
        "tile/ground_truth/crack/10_mask.png", "tile/ground_truth/crack/1_mask.png",
        "bolt/train/good/0.bmp", "license.txt", "not_a_category/picture.png",
    )  # fmt: skip
    dataset = load(tmp_path)
    assert list(dataset.categories) == ["bolt", "tile"]
    assert listed(dataset, "tile") == [
        ("tile/train/good/000.png", "train", False, None, None),
        ("tile/train/good/001.png", "train", False, None, None),
        ("tile/test/crack/000.png", "test", True, "crack", "tile/ground_truth/crack/000.png"),
        ("tile/test/crack/1.jpg", "test", True, "crack", "tile/ground_truth/crack/1_mask.png"),
        ("tile/test/crack/10.jpg", "test", True, "crack", "tile/ground_truth/crack/10_mask.png"),
        ("tile/test/good/000.PNG", "test", False, None, None),
    ]
    assert listed(dataset, "bolt") == [("bolt/train/good/0.bmp", "train", False, None, None)]
    assert list(load(tmp_path, categories=("tile",)).categories) == ["tile"]


def test_a_root_that_is_a_category_is_a_dataset_of_one(tmp_path: Path) -> None:
    touch(tmp_path / "screw", "train/good/0.png", "test/scratch/0.png", "ground_truth/scratch/0_mask.png")
    assert listed(load(tmp_path / "screw"), "screw") == [
        ("train/good/0.png", "train", False, None, None),
        ("test/scratch/0.png", "test", True, "scratch", "ground_truth/scratch/0_mask.png"),
    ]


def test_links_as_dvc_makes_them_are_read(tmp_path: Path) -> None:
    cache = touch(tmp_path / "cache", "ab12")
    good = tmp_path / "data" / "tile" / "train" / "good"
    good.mkdir(parents=True)
    (good / "0.png").symlink_to(cache / "ab12")
    assert [row[0] for row in listed(load(tmp_path / "data"), "tile")] == ["tile/train/good/0.png"]


HEADER = "object,split,label,image,mask\n"
CANDLE = (
    "candle,train,normal,candle/Data/Images/Normal/0002.JPG,\n"
    "candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png\n"
    "candle,train,normal,candle/Data/Images/Normal/0001.JPG,\n"
    "candle,test,normal,candle/Data/Images/Normal/0000.JPG,\n"
)


def visa(root: Path, rows: str, header: str = HEADER) -> Path:
    (root / "split_csv").mkdir(parents=True)
    (root / "split_csv" / "1cls.csv").write_text(header + rows, encoding="utf-8-sig")
    return root


def test_visa_by_its_split_file(tmp_path: Path) -> None:
    pcb = "pcb1,train,normal,pcb1/Data/Images/Normal/0.JPG,\n"
    dataset = load(visa(tmp_path, CANDLE + pcb), "visa")
    assert list(dataset.categories) == ["candle", "pcb1"]
    mask = "candle/Data/Masks/Anomaly/000.png"
    assert listed(dataset, "candle") == [
        ("candle/Data/Images/Normal/0001.JPG", "train", False, None, None),
        ("candle/Data/Images/Normal/0002.JPG", "train", False, None, None),
        ("candle/Data/Images/Anomaly/000.JPG", "test", True, "anomaly", mask),
        ("candle/Data/Images/Normal/0000.JPG", "test", False, None, None),
    ]


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (HEADER, "candle,valid,normal,candle/0.JPG,", r"line 2: split is 'valid'; it must be train or test"),
        (HEADER, "candle,test,odd,candle/0.JPG,", r"line 2: label is 'odd'"),
        (HEADER, "candle,train,anomaly,candle/0.JPG,", r"line 2: a defective training image"),
        (HEADER, "candle,test,normal,,", r"line 2: object or image is empty"),
        (HEADER, "candle,test,normal", r"line 2: object or image is empty"),
        (HEADER, "candle,test,normal,../../secret.png,", r"line 2: \.\./\.\./secret\.png leaves"),
        (HEADER, "candle,test,anomaly,candle/0.JPG,/secret.png", r"line 2: /secret\.png leaves"),
        (HEADER, "../up,train,normal,candle/0.JPG,", r"line 2: object is '\.\./up'"),
        (HEADER, "candle,train,normal,a.JPG,\ncandle,test,normal,a.JPG,", r"a\.JPG is listed 2 times"),
        ("object,split,label\n", "candle,train,normal", r"no column image, mask"),
        ("", "\x00", r"binary data"),
    ],
)
def test_a_bad_split_file_is_named_with_its_line(tmp_path: Path, header: str, row: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load(visa(tmp_path, row + "\n", header), "visa")


def test_a_split_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    visa(tmp_path, CANDLE)
    (tmp_path / "split_csv" / "1cls.csv").write_bytes(HEADER.encode() + b"candle,test,normal,caf\xe9.JPG,\n")
    with pytest.raises(DataError, match=r"1cls\.csv: no text in UTF-8"):
        load(tmp_path, "visa")


def test_plain_folder_with_everything(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "cup/normal/b.jpg", "cup/normal/a.jpg", "cup/normal_test/c.jpg", "cup/unlabelled/d.jpg",
        "cup/defective/e.jpg", "cup/defective/crack/e.jpg", "cup/masks/e.png", "cup/masks/crack/e_mask.png",
        "lid/normal/0.png",
    )  # fmt: skip
    dataset = load(tmp_path, "folder")
    assert listed(dataset, "cup") == [
        ("cup/normal/a.jpg", "train", False, None, None),
        ("cup/normal/b.jpg", "train", False, None, None),
        ("cup/defective/crack/e.jpg", "test", True, "crack", "cup/masks/crack/e_mask.png"),
        ("cup/defective/e.jpg", "test", True, "defective", "cup/masks/e.png"),
        ("cup/normal_test/c.jpg", "test", False, None, None),
        ("cup/unlabelled/d.jpg", "test", None, None, None),
    ]
    assert listed(dataset, "lid") == [("lid/normal/0.png", "train", False, None, None)]


def test_normal_images_alone_and_unlabelled_images_alone(tmp_path: Path) -> None:
    touch(tmp_path, "cup/normal/0.png", "lot/1.png", "lot/0.png")
    assert listed(load(tmp_path / "cup", "folder"), "cup") == [("normal/0.png", "train", False, None, None)]
    assert listed(load(tmp_path / "lot", "folder"), "lot") == [
        ("0.png", "test", None, None, None),
        ("1.png", "test", None, None, None),
    ]
    assert list(load(tmp_path, "folder").categories) == ["cup", "lot"]


def test_a_stray_image_beside_the_categories_hides_none(tmp_path: Path) -> None:
    touch(tmp_path, "overview.png", "cup/normal/0.png")
    assert list(load(tmp_path, "folder").categories) == ["cup"]


@pytest.mark.parametrize(
    ("layout", "files", "words"),
    [
        ("mvtec", ("tile/test/good/0.png",), r"no category of format mvtec .*check that root"),
        ("mvtec", ("cup/normal/0.png",), r"no category of format mvtec .*looks like format folder"),
        ("folder", ("tile/train/good/0.png",), r"no category of format folder .*looks like format mvtec"),
        ("visa", ("tile/train/good/0.png",), r"1cls\.csv: no such file"),
        ("mvtec", ("tile/train/good/notes.txt",), r"category tile has no normal training image"),
        ("folder", ("cup/normal/notes.txt", "cup/defective/0.png"), r"category cup has no normal training"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, layout: str, files: tuple[str, ...], words: str
) -> None:
    touch(tmp_path, *files)
    with pytest.raises(DataError, match=words) as caught:
        load(tmp_path, layout)
    assert str(tmp_path) in str(caught.value)


def test_missing_root_and_unknown_category_name_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: no such folder; .*eagle data import DIR --name tried"):
        load(tmp_path / "nowhere")
    touch(tmp_path, "tile/train/good/0.png", "bolt/train/good/0.png")
    with pytest.raises(DataError, match=r"no category brick; there are: bolt, tile"):
        load(tmp_path, categories=("tile", "brick"))


def test_formats_are_told_apart(tmp_path: Path) -> None:
    assert detect_format(touch(tmp_path / "a", "tile/train/good/0.png")) == "mvtec"
    assert detect_format(visa(tmp_path / "b", CANDLE)) == "visa"
    assert detect_format(touch(tmp_path / "c", "0.png")) == "folder"
    assert detect_format(touch(tmp_path / "d", "notes.txt")) is None


@pytest.mark.real_data
def test_real_screw_and_cookie(real_data: Path) -> None:
    screw = load(real_data / "screw").categories["screw"]
    assert (len(screw.train), len(screw.test)) == (320, 160)
    assert Counter(s.defect_kind for s in screw.test) == {
        None: 41, "manipulated_front": 24, "scratch_head": 24, "scratch_neck": 25, "thread_side": 23, "thread_top": 23,
    }  # fmt: skip
    cookie = load(real_data / "cookie").categories["cookie"]
    assert len(cookie.train) == 31
    assert Counter(s.defect_kind for s in cookie.test) == {None: 14, "cracked": 32}
    for sample in cookie.test:
        image = read_rgb(sample.image_path)
        assert image.size == (576, 768)
        if sample.is_defective:
            assert sample.mask_path is not None
            assert sample.mask_path.stem == sample.image_path.stem + "_mask"
            assert read_mask(sample.mask_path, image.size).any()


def test_defective_images_alone_are_no_category_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "defective").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "defective" / "0.png")
    with pytest.raises(DataError):
        load_dataset(DatasetConfig(name="own", format="folder", root=tmp_path))


def test_training_images_right_inside_of_train(tmp_path: Path) -> None:
    """Beside a test folder of kinds; images in ``train/good`` go before those that lie above it."""
    touch(tmp_path, "cup/train/0.png", "cup/train/1.png", "cup/val/2.png", "cup/test/ok/0.png", "cup/test/dent/0.png")
    cup = load(tmp_path).categories["cup"]
    assert [s.image_id for s in cup.train] == ["cup/train/0.png", "cup/train/1.png"]
    assert [s.image_id for s in cup.calibration] == ["cup/val/2.png"]
    assert [s.is_defective for s in cup.test] == [True, False]
    assert detect_format(tmp_path) == detect_format(tmp_path / "cup") == "mvtec"
    touch(tmp_path, "cup/train/good/7.png")
    assert [s.image_id for s in load(tmp_path).categories["cup"].train] == ["cup/train/good/7.png"]


def test_a_folder_whose_name_means_both_is_asked_about(tmp_path: Path) -> None:
    touch(tmp_path, "cup/train/good/0.png", "cup/test/0/0.png", "cup/test/1/0.png")
    with pytest.raises(DataError, match=r"test/0: are these images normal or defective\? Say so with --label 0=normal"):
        load(tmp_path)
