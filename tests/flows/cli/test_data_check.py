"""``eagle data check`` finds what people bring: a code, a count, the first files, what to do; --fix makes a copy without it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import minimum_filter

from eagle_core.config import DatasetConfig
from eagle_core.data.catalogue import load_dataset
from eagle_core.data.images import read_masks_of, read_rgb
from eagle_core.errors import DataError
from tests.flows.cli.data_command import SIZE, marked, photo, run, write


def masks(change: Callable[[np.ndarray], np.ndarray | Image.Image]) -> Callable[[Path], None]:
    def plant(root: Path) -> None:
        for number in range(4):
            write(root / f"cup/ground_truth/crack/{number}_mask.png", change(marked()))

    return plant


def scaled(mask: np.ndarray) -> Image.Image:
    small = Image.fromarray(mask).resize((SIZE[0] // 4, SIZE[1] // 4), Image.Resampling.BILINEAR)
    return small.resize(SIZE, Image.Resampling.BICUBIC)


def without_black(mask: np.ndarray) -> Image.Image:
    image = Image.fromarray((mask > 0).astype(np.uint8)).convert("P")
    image.putpalette([68, 1, 84, 253, 231, 37])
    return image


def turned_photographs(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    for number in range(4):
        photo(root / f"cup/test/crack/{number}.png", 30 + number, exif=exif)


def rename(old: str, new: bytes) -> Callable[[Path], None]:
    return lambda root: (root / old).rename((root / old).with_name(os.fsdecode(new)))


def nested(root: Path) -> None:
    for number in range(3):
        photo(root / f"cup/train/good/camera_b/{number}.png", 50 + number)


def twelve_bits(root: Path) -> None:
    for path in (root / "cup").rglob("*.png"):
        if "ground_truth" not in path.parts:
            grey = np.asarray(Image.open(path).convert("L")).astype(np.uint16)
            Image.fromarray(grey * 16).save(path)


PLANTS: dict[str, tuple[Callable[[Path], object], str, int]] = {
    "mask_inverted": (masks(lambda mask: 255 - mask), "error", 4),
    "mask_full": (masks(lambda mask: np.full_like(mask, 255)), "warning", 4),
    "mask_outline": (masks(lambda mask: mask - minimum_filter(mask, 3)), "warning", 4),
    "mask_empty": (masks(np.zeros_like), "error", 4),
    "mask_grey_edges": (masks(scaled), "info", 4),
    "mask_no_black": (masks(without_black), "info", 4),
    "mask_perhaps_turned": (turned_photographs, "warning", 4),
    "mask_shared": (lambda root: photo(root / "cup/test/crack/0.jpg", 99), "error", 1),
    "name_not_utf8": (rename("cup/train/good/3.png", "划痕.png".encode("gbk")), "info", 1),
    "nested_images": (nested, "info", 1),
    "wrong_ending": (lambda root: (root / "cup/train/good/3.png").rename(root / "cup/train/good/3.dat"), "warning", 1),
    "unread_format": (lambda root: (root / "cup/train/good/9.heic").write_bytes(b"ftypheic"), "warning", 1),
    "lfs_pointer": (lambda root: (root / "cup/test/crack/1.png").write_text("version https://git-lfs.github.com/spec/v1\noid"), "error", 1),
    "unreadable": (lambda root: (root / "cup/train/good/1.png").write_bytes((root / "cup/train/good/1.png").read_bytes()[:900]), "error", 1),
    "read_as_normal": (lambda root: (root / "cup/test/good").rename(root / "cup/test/OK"), "info", 1),
    "few_normal_images": (lambda root: [(root / f"cup/train/good/{n}.png").unlink() for n in range(1, 6)], "warning", 1),
    "same_normal_images": (lambda root: [shutil.copy(root / "cup/train/good/0.png", root / f"cup/train/good/{n}.png") for n in range(1, 6)], "error", 1),
    "no_normal_images": (lambda root: [(root / f"cup/train/good/{n}.png").unlink() for n in range(6)], "error", 1),
    "no_test_images": (lambda root: [shutil.rmtree(root / f"cup/{name}") for name in ("test", "ground_truth")], "warning", 1),
    "elongated": (lambda root: photo(root / "cup/test/good/0.png", 77, (600, 2)), "warning", 1),
    "bit_depth": (twelve_bits, "info", 1),
}
FIXED = {"mask_inverted", "mask_grey_edges", "mask_no_black", "name_not_utf8", "nested_images", "wrong_ending", "read_as_normal"}


def test_masks_that_lie_beside_their_images_are_masks_and_no_defective_images(root: Path) -> None:
    for number in range(4):
        (root / f"cup/ground_truth/crack/{number}_mask.png").rename(root / f"cup/test/crack/{number}_mask.png")
    write(root / "cup/train/good/0-GT.png", np.zeros_like(marked()))
    told = json.loads(run("check", root, "--json").output)
    assert [(g["code"], g["severity"], g["count"]) for g in told["summary"]] == [("mask_beside", "info", 5)]
    [category] = load_dataset(DatasetConfig(name="set", format="mvtec", root=root)).categories.values()
    defective = [sample for sample in category.test if sample.is_defective]
    assert (len(category.train), len(category.test), len(defective)) == (6, 6, 4)
    assert all(read_masks_of(sample, SIZE).defective.sum() == 13 * 20 for sample in defective)


def test_a_name_that_ends_like_a_masks_is_an_image_where_there_is_none_of_the_rest(root: Path) -> None:
    photo(root / "cup/train/good/face_mask.png", 60)
    assert json.loads(run("check", root, "--json").output)["categories"]["cup"]["train"] == 7


def test_an_empty_folder_for_normal_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "set/normal").mkdir(parents=True)
    result = run("check", tmp_path / "set")
    assert result.exit_code == 1 and "error no_normal_images (1)" in result.output


def test_normal_images_that_are_kept_for_the_threshold_are_counted(root: Path) -> None:
    photo(root / "cup/validation/good/0.png", 70)
    shown = run("check", root).output
    assert "calibration" in shown and "│ cup      │ 6     │ 1 " in shown


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (("a.HEIC", "b.heic", "c.nef"), r"no image in this folder or below it, but 2 files \(\.heic\), 1 file \(\.nef\) of formats that are not read"),
        (("a/b/c/normal/0.png",), r"no layout that Eagle reads, but .*a/b has one \(folder\); give that folder"),
    ],
)
def test_why_a_folder_cannot_be_read_is_told(tmp_path: Path, files: tuple[str, ...], told: str) -> None:
    for name in files:
        path = tmp_path / "set" / name
        if path.suffix == ".png":
            photo(path, 1)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"ftypheic")
    error = run("check", tmp_path / "set").exception
    assert isinstance(error, DataError) and re.search(told, str(error))


def state(root: Path) -> dict[bytes, str]:
    return {os.fsencode(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("*") if p.is_file()}


def test_nothing_is_found_where_nothing_is(root: Path) -> None:
    assert json.loads(run("check", root, "--json").output)["findings"] == []


@pytest.mark.parametrize("code", PLANTS)
def test_each_kind_is_found_counted_and_told_what_to_do(root: Path, code: str) -> None:
    plant, severity, count = PLANTS[code]
    plant(root)
    result = run("check", root, "--json")
    [group] = [g for g in json.loads(result.output)["summary"] if g["code"] == code]
    assert (group["severity"], group["count"]) == (severity, count)
    assert len(group["first"]) == min(3, count) and group["to_do"] and group["fixable"] == (code in FIXED)
    assert result.exit_code == (1 if severity == "error" else 0)
    shown = run("check", root).output
    assert f"{severity} {code} ({count}): {group['first'][0]}" in shown
    assert f"to do: {group['to_do']}" in shown
    assert (", and 1 more" in shown) == (count == 4)


@pytest.mark.parametrize("code", sorted(FIXED))
def test_a_corrected_copy_is_without_it_and_the_original_as_it_was(root: Path, tmp_path: Path, code: str) -> None:
    PLANTS[code][0](root)
    before = state(root)
    copy = tmp_path / "corrected"
    result = run("check", root, "--fix", copy, "--json")
    assert result.exit_code == 0, result.output
    assert state(root) == before
    told = json.loads(result.output)["corrected"]
    assert told["images"] == (15 if code == "nested_images" else 12) and told["left_out"] == []
    again = json.loads(run("check", copy, "--json").output)
    assert [finding["kind"] for finding in again["findings"]] == []
    [category] = load_dataset(DatasetConfig(name="copy", format="folder", root=copy)).categories.values()
    defective = [sample for sample in category.test if sample.is_defective]
    assert len(category.train) == (9 if code == "nested_images" else 6)
    assert len(category.test) == 6 and len(defective) == 4
    for sample in defective:
        mask = read_masks_of(sample, SIZE)
        assert mask.remarks == () and mask.defective.sum() == pytest.approx(13 * 20, rel=0.1)


def test_pixels_of_a_corrected_copy_are_those_of_the_original(root: Path, tmp_path: Path) -> None:
    run("check", root, "--fix", tmp_path / "corrected")
    pairs = {"train/good/3.png": "normal/3.png", "test/good/1.png": "normal_test/1.png", "test/crack/2.png": "defective/crack/2.png"}
    for old, new in pairs.items():
        assert (root / "cup" / old).read_bytes() == (tmp_path / "corrected/cup" / new).read_bytes()


def test_what_cannot_be_read_is_left_out_of_the_copy_and_named(root: Path, tmp_path: Path) -> None:
    PLANTS["unreadable"][0](root)
    PLANTS["lfs_pointer"][0](root)
    result = run("check", root, "--fix", tmp_path / "corrected")
    assert result.exit_code == 0 and "10 images" in result.output
    left_out = [line for line in result.output.splitlines() if line.startswith("  left out: ")]
    assert ["1.png: damaged" in left_out[0], "Git LFS" in left_out[1]] == [True, True]


@pytest.mark.parametrize("place", ["set/inside", "set"])
def test_a_copy_inside_of_the_original_is_refused(root: Path, tmp_path: Path, place: str) -> None:
    before = state(root)
    result = run("check", root, "--fix", tmp_path / place)
    assert isinstance(result.exception, DataError)
    assert state(root) == before


def test_a_folder_that_does_not_tell_is_asked_for_and_answered(root: Path) -> None:
    (root / "cup/test/good").rename(root / "cup/test/good_from_monday")
    result = run("check", root)
    assert isinstance(result.exception, DataError) and "--label good_from_monday=normal" in str(result.exception)
    answered = run("check", root, "--label", "good_from_monday=normal")
    assert answered.exit_code == 0 and "0 errors" in answered.output
    assert isinstance(run("check", root, "--label", "good_from_monday").exception, Exception)


@pytest.mark.parametrize("ending", ["jfif", "jpe", "JPG", "apng", "tif", "dib", "j2k", "jpx", "avif", "webp", "gif", "pnm"])
def test_every_ending_that_is_read_is_an_image(root: Path, ending: str) -> None:
    formats = {"jfif": "JPEG", "jpe": "JPEG", "JPG": "JPEG", "apng": "PNG", "dib": "DIB", "j2k": "JPEG2000", "jpx": "JPEG2000", "pnm": "PPM"}
    photo(root / f"cup/train/good/photo.{ending}", 60, format=formats.get(ending))
    told = json.loads(run("check", root, "--json").output)
    assert told["categories"]["cup"]["train"] == 7 and told["findings"] == []


def test_rubbish_of_systems_is_passed_over(root: Path) -> None:
    good = root / "cup/train/good"
    for name in ("Thumbs.db", ".DS_Store", "._0.png", "desktop.ini"):
        (good / name).write_bytes(b"\0\5\x16\7")
    for place in (root / "__MACOSX/cup/train/good", good / ".ipynb_checkpoints"):
        photo(place / "0.png", 70)
    told = json.loads(run("check", root, "--json").output)
    assert told["categories"]["cup"]["train"] == 6 and told["findings"] == []


def test_names_with_markup_are_shown_as_they_are(root: Path) -> None:
    (root / "cup").rename(root / "ねじ 1 (neu) [a] #2 & <b> [bold]x")
    shutil.copy(root / "ねじ 1 (neu) [a] #2 & <b> [bold]x/train/good/0.png", root / "ねじ 1 (neu) [a] #2 & <b> [bold]x/train/good/[red].png")
    shown = run("check", root).output
    assert shown.count("ねじ 1 (neu) [a] #2 & <b> [bold]x") >= 2 and "[red].png" in shown
    assert read_rgb(root / "ねじ 1 (neu) [a] #2 & <b> [bold]x/train/good/[red].png").size == SIZE


def test_names_that_are_no_utf8_come_through_an_import(root: Path, tmp_path: Path) -> None:
    """DVC takes text only, so the copy has them percent-encoded; a link has them as they are."""
    PLANTS["name_not_utf8"][0](root)
    (tmp_path / "params.yaml").write_text("methods: [expert]\n")
    copied = run("import", root, "--name", "copied", "--params", tmp_path / "params.yaml")
    assert copied.exit_code == 0, copied.output
    assert (tmp_path / "data/copied/cup/train/good/%BB%AE%BA%DB.png").is_file() and (tmp_path / "data/copied.dvc").is_file()
    linked = run("import", root, "--name", "linked", "--link", "--params", tmp_path / "params.yaml")
    assert linked.exit_code == 0, linked.output
    for name in ("copied", "linked"):
        [category] = load_dataset(DatasetConfig(name=name, root=tmp_path / "data" / name)).categories.values()
        assert len(category.train) == 6 and all(read_rgb(sample.image_path).size == SIZE for sample in category.train)


def test_two_names_that_become_one_in_the_copy_are_named_where_they_lie(root: Path, tmp_path: Path) -> None:
    PLANTS["name_not_utf8"][0](root)
    folder = root / "cup/train/good"
    shutil.copyfile(folder / "0.png", folder / "%BB%AE%BA%DB.png")
    (tmp_path / "params.yaml").write_text("methods: [expert]\n")
    refused = run("import", root, "--name", "copied", "--no-check", "--params", tmp_path / "params.yaml")
    assert str(folder) in str(refused.exception) and "rename one of the two" in str(refused.exception)
    assert not (tmp_path / "data/copied").exists()


@pytest.mark.parametrize(("folder", "name"), [("ねじ 1 (neu) [a] #2", "ねじ_1_neu_a_2"), ("2", "dataset_2")])
def test_an_import_is_named_after_its_folder_in_any_script(root: Path, tmp_path: Path, folder: str, name: str) -> None:
    root.rename(root.with_name(folder))
    (tmp_path / "params.yaml").write_text("methods: [expert]\n")
    result = run("import", root.with_name(folder), "--link", "--params", tmp_path / "params.yaml")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "data" / name / "cup/train/good").is_dir()


def test_the_home_folder_is_understood(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("check", "~/set").exit_code == 0
