"""Cameras of fewer bits than their files: found over the training images, one rule for all, and no guess beyond it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from eagle_core.config import DatasetConfig, PreprocessingConfig
from eagle_core.data.audit import audit
from eagle_core.data.catalogue import load_dataset
from eagle_core.data.images import read_image_of, read_rgb
from eagle_core.data.remarks import remarks_about
from eagle_core.errors import DataError


def grey(path: Path, low: int, high: int) -> None:
    """A ramp of sixteen-bit values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.linspace(low, high, 16 * 24).astype(np.uint16).reshape(16, 24)).save(path)


def dataset(root: Path, peaks: list[int], test_peak: int, ending: str) -> None:
    for number, high in enumerate(peaks):
        grey(root / f"cup/train/good/{number}.{ending}", number, high)
    grey(root / f"cup/test/good/0.{ending}", 7, test_peak)


def config(root: Path, **more: object) -> DatasetConfig:
    return DatasetConfig.model_validate({"name": "own", "root": root, **more})


@pytest.mark.parametrize("ending", ["png", "tif", "pgm"])
@pytest.mark.parametrize(("peaks", "depth"), [([3000, 4000, 4095], 12), ([900, 1023], 10), ([60000, 100], 16), ([16000, 3], 14), ([255, 9], 8)])
def test_the_brightest_training_image_tells_for_all(tmp_path: Path, ending: str, peaks: list[int], depth: int) -> None:
    dataset(tmp_path, peaks, min(peaks), ending)
    category = load_dataset(config(tmp_path)).categories["cup"]
    assert {sample.bit_depth for sample in category.samples} == {depth}
    brightest = max(np.asarray(read_image_of(sample)).max() for sample in category.train)
    assert brightest == round(max(peaks) * 255 / (2**depth - 1))


def test_twelve_bits_keep_their_grey_levels(tmp_path: Path) -> None:
    """By the file's full range, 0..4095 would become 0..16: seventeen levels instead of all."""
    grey(tmp_path / "0.png", 0, 4095)
    assert len(np.unique(np.asarray(read_rgb(tmp_path / "0.png")))) == 17
    assert len(np.unique(np.asarray(read_rgb(tmp_path / "0.png", 12)))) == 256


def test_eight_bit_files_are_as_ever(tmp_path: Path) -> None:
    for place in ("train/good/0.png", "train/good/1.png", "test/good/0.png"):
        (tmp_path / "cup" / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (10, 20, 30)).save(tmp_path / "cup" / place)
    category = load_dataset(config(tmp_path)).categories["cup"]
    assert {sample.bit_depth for sample in category.samples} == {16}
    assert np.asarray(read_image_of(category.test[0]))[0, 0].tolist() == [10, 20, 30]


def test_a_test_image_brighter_than_all_is_refused_until_the_bits_are_stated(tmp_path: Path) -> None:
    dataset(tmp_path, [900, 1000], 4000, "png")
    [sample] = load_dataset(config(tmp_path)).categories["cup"].test
    with pytest.raises(DataError, match=r"0\.png: .*values up to 4000.*10 bits.*bit_depth: 12"):
        read_image_of(sample)
    [sample] = load_dataset(config(tmp_path, bit_depth=12)).categories["cup"].test
    assert np.asarray(read_image_of(sample)).max() == round(4000 * 255 / 4095)


def test_colours_of_sixteen_bits_keep_theirs_too(tmp_path: Path) -> None:
    """Pillow keeps the upper byte: of 12 bits, sixteen levels."""
    ramp = np.linspace(0, 4095, 16 * 24).astype(int).reshape(16, 24)
    for name in ("train/good/0.png", "train/good/1.png", "test/good/0.tif"):
        (tmp_path / "cup" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "cup" / name), np.dstack([ramp // 2, ramp, ramp // 4]).astype(np.uint16))  # blue, green, red
    category = load_dataset(config(tmp_path)).categories["cup"]
    for sample in category.samples:
        pixels = np.asarray(read_image_of(sample)).astype(int)
        assert np.abs(pixels[..., 1] - ramp * 255 / 4095).max() <= 0.5
        assert np.abs(pixels[..., 0] - (ramp // 4) * 255 / 4095).max() <= 0.5


def test_the_check_tells_the_bits(tmp_path: Path) -> None:
    dataset(tmp_path, [4000, 4095, 9, 8, 7], 30, "png")
    [told] = [finding for finding in audit(load_dataset(config(tmp_path))) if finding.kind == "bit_depth"]
    assert "fill 12 (values up to 4095)" in told.message and "bit_depth: 12" in told.message


def test_one_training_image_of_another_depth_is_said_before_the_run(tmp_path: Path) -> None:
    dataset(tmp_path, [4000, 65535, 4095], 3900, "png")
    category = load_dataset(config(tmp_path)).categories["cup"]
    [remark] = remarks_about(category, PreprocessingConfig())
    assert "test images fill 12 of 16 bits" in remark and "bit_depth" in remark
    dataset(tmp_path, [65000, 65535, 64000], 65000, "png")
    assert not [*remarks_about(load_dataset(config(tmp_path)).categories["cup"], PreprocessingConfig())]
