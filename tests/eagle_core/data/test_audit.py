"""Every flaw planted in a sound dataset is found, named by its file, and nothing else is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eagle_core.config import DatasetConfig
from eagle_core.data.audit import Finding, audit
from eagle_core.data.catalogue import list_dataset


def picture(seed: int, size: tuple[int, int] = (12, 8)) -> Image.Image:
    width, height = size
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def mask(*marked: tuple[int, int], size: tuple[int, int] = (12, 8)) -> Image.Image:
    image = Image.new("L", size)
    for position in marked:
        image.putpixel(position, 255)
    return image


def save(path: Path, image: Image.Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two categories in MVTec layout without a flaw."""
    for offset, category in ((0, "bolt"), (100, "tile")):
        for number in range(5):
            save(tmp_path / category / "train" / "good" / f"{number}.png", picture(offset + number))
        save(tmp_path / category / "test" / "good" / "0.png", picture(offset + 10))
        for number in range(2):
            save(tmp_path / category / "test" / "crack" / f"{number}.png", picture(offset + 20 + number))
            save(tmp_path / category / "ground_truth" / "crack" / f"{number}_mask.png", mask((1, 2)))
    return tmp_path


def findings(root: Path, layout: str = "mvtec") -> list[Finding]:
    config = {"name": "tried", "format": layout, "root": root}
    found = audit(list_dataset(DatasetConfig.model_validate(config)))
    # Few images are the point of these tests; what is said about few is tested by itself.
    return [finding for finding in found if finding.kind != "few_normal_images"]


def test_a_sound_dataset_has_no_findings(root: Path) -> None:
    assert findings(root) == []


def test_progress_counts_images(root: Path) -> None:
    told: list[tuple[int, int]] = []
    audit(list_dataset(DatasetConfig(name="tried", root=root)), lambda *now: told.append(now))
    assert told == [(done, 16) for done in range(1, 17)]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def copy(source: str, target: str) -> Callable[[Path], object]:
    return lambda root: shutil.copy(root / source, root / target)


def as_bmp(source: str, target: str) -> Callable[[Path], object]:
    """Same pixels, other bytes."""
    return lambda root: save(root / target, Image.open(root / source))


IMAGE = "tile/test/crack/0.png"
MASK = "tile/ground_truth/crack/0_mask.png"


@pytest.mark.parametrize(
    ("plant", "kind", "image_id", "severity"),
    [
        (lambda root: cut(root / IMAGE), "unreadable", IMAGE, "error"),
        (lambda root: (root / IMAGE).write_bytes(b""), "empty", IMAGE, "error"),
        (lambda root: save(root / IMAGE, Image.new("RGB", (12, 8), "grey")), "blank", IMAGE, "warning"),
        (
            lambda root: save(root / "tile/test/good/0.png", picture(7, (8, 12))),
            "image_size",
            "tile/test/good/0.png",
            "warning",
        ),
        (copy("tile/train/good/0.png", "tile/train/good/copy.png"), "duplicate", "tile/train/good/copy.png", "warning"),
        (as_bmp("tile/test/good/0.png", "tile/test/good/1.bmp"), "duplicate", "tile/test/good/1.bmp", "warning"),
        (as_bmp("tile/train/good/0.png", "tile/test/good/1.bmp"), "train_test_overlap", "tile/test/good/1.bmp", "error"),
        (copy("tile/test/good/0.png", IMAGE), "normal_among_defects", IMAGE, "error"),
        (copy("tile/train/good/0.png", IMAGE), "normal_among_defects", IMAGE, "error"),
        (copy("bolt/train/good/0.png", IMAGE), "normal_among_defects", IMAGE, "error"),
        (lambda root: (root / MASK).write_bytes(b"no mask"), "mask_unreadable", IMAGE, "error"),
        (lambda root: save(root / MASK, mask((1, 2), size=(8, 12))), "mask_size", IMAGE, "error"),
        (lambda root: save(root / MASK, mask()), "mask_empty", IMAGE, "error"),
        (lambda root: save(root / MASK, Image.new("L", (12, 8), 255)), "mask_full", IMAGE, "warning"),
        (lambda root: (root / MASK).unlink(), "mask_missing", IMAGE, "error"),
        (copy(MASK, "tile/ground_truth/crack/9_mask.png"), "mask_without_image", "tile/ground_truth/crack/9_mask.png", "warning"),
        (copy(IMAGE, "tile/7.png"), "unused_image", "tile/7.png", "warning"),
        (lambda root: (root / "tile/train/good/9.png").symlink_to("/no/such/image.png"), "missing", "tile/train/good/9.png", "error"),
        (lambda root: shutil.rmtree(root / "tile/test/good"), "no_normal_test", "tile", "warning"),
        (lambda root: (root / "tile/readme.txt").touch(), "not_an_image", "tile/readme.txt", "info"),
        (
            lambda root: (root / "tile/train/good/3.heic").touch(),
            "unread_format",
            "tile/train/good/3.heic",
            "warning",
        ),
    ],
)  # fmt: skip
def test_one_planted_flaw_is_one_finding(
    root: Path, plant: Callable[[Path], object], kind: str, image_id: str, severity: str
) -> None:
    plant(root)
    (finding,) = findings(root)
    assert (finding.kind, finding.image_id, finding.severity) == (kind, image_id, severity)
    at_fault = MASK if kind.startswith("mask_") and image_id == IMAGE and kind != "mask_missing" else image_id
    assert finding.message.startswith(str(root / at_fault))


def test_the_twin_is_named(root: Path) -> None:
    shutil.copy(root / "tile/test/good/0.png", root / IMAGE)
    (finding,) = findings(root)
    assert "the same picture as tile/test/good/0.png, which is listed as normal" in finding.message


def test_several_flaws_come_sorted_by_file(root: Path) -> None:
    (root / "tile/train/good/1.png").write_bytes(b"")
    cut(root / "bolt/test/crack/1.png")
    save(root / "tile/test/good/0.png", Image.new("RGB", (9, 9)))
    assert [(f.image_id, f.kind) for f in findings(root)] == [
        ("bolt/test/crack/1.png", "unreadable"),
        ("tile/test/good/0.png", "blank"),
        ("tile/test/good/0.png", "image_size"),
        ("tile/train/good/1.png", "empty"),
    ]


def test_a_category_without_any_mask_is_noted_once(root: Path) -> None:
    shutil.rmtree(root / "tile/ground_truth")
    assert [(f.kind, f.image_id, f.severity) for f in findings(root)] == [("no_masks", "tile", "info")]


def test_unlabelled_images_may_repeat_training_images_with_a_warning(tmp_path: Path) -> None:
    save(tmp_path / "cup/normal/0.png", picture(0))
    save(tmp_path / "cup/unlabelled/0.png", picture(0))
    assert [(f.kind, f.image_id, f.severity) for f in findings(tmp_path, "folder")] == [
        ("train_test_overlap", "cup/unlabelled/0.png", "warning")
    ]


def test_what_visa_lists_but_does_not_hold_is_missing(tmp_path: Path) -> None:
    save(tmp_path / "candle/0.png", picture(0))
    save(tmp_path / "candle/1.png", picture(1))
    save(tmp_path / "candle/3.png", picture(3))
    save(tmp_path / "candle/3_mask.png", mask((0, 0)))
    (tmp_path / "split_csv").mkdir()
    (tmp_path / "split_csv/1cls.csv").write_text(
        "object,split,label,image,mask\n"
        "candle,train,normal,candle/0.png,\n"
        "candle,test,anomaly,candle/1.png,candle/gone.png\n"
        "candle,test,anomaly,candle/2.png,candle/gone_2.png\n"
        "candle,test,normal,candle/3.png,candle/3_mask.png\n"
    )
    assert [(f.kind, f.image_id) for f in findings(tmp_path, "visa")] == [
        ("mask_missing", "candle/1.png"),
        ("missing", "candle/2.png"),
        ("mask_of_normal", "candle/3.png"),
    ]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "unused"), [("screw", ["license.txt", "readme.txt"]), ("cookie", ["LICENSE"])]
)
def test_real_data_is_sound(real_data: Path, name: str, unused: list[str]) -> None:
    found = findings(real_data / name)
    assert [(f.kind, f.severity) for f in found] == [("not_an_image", "info")] * len(unused)
    assert [f.image_id for f in found] == unused


def test_a_folder_of_images_that_is_no_category_is_an_error(root: Path) -> None:
    save(root / "Housing" / "Normal" / "0.png", picture(7))
    (root / "notes").mkdir()
    [finding] = findings(root)
    assert (finding.kind, finding.image_id, finding.severity) == ("not_a_category", "Housing", "error")
    assert "1 image," in finding.message


def test_photographs_without_a_label_are_told_to_teach_nothing(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "monday" / f"{number}.png", picture(number))
    [finding] = findings(tmp_path, "folder")
    assert (finding.kind, finding.image_id) == ("all_unlabelled", "monday") and "3 images, none of them marked as normal" in finding.message
