"""Degraded test images in the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eagle_core.config import EagleConfig
from eagle_core.data.images import read_image_of, read_masks_of
from tasks.machinery.inputs import category_of, image_hashes
from tasks.stages.degraded import degraded


def config(root: Path, cache: Path, **degradation: float) -> EagleConfig:
    return EagleConfig(
        datasets={"small": {"root": root, "degradation": degradation}},  # type: ignore[dict-item]
        run={"cache_dir": cache},  # type: ignore[arg-type]
    )


def dataset(root: Path) -> Path:
    rng = np.random.default_rng(0)
    for folder, count in (("train/good", 3), ("test/good", 2), ("test/scratch", 2)):
        target = root / "ring" / folder
        target.mkdir(parents=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(target / f"{number:03}.png")
    (root / "ring" / "test" / "scratch" / "001.png").write_bytes(b"not an image")
    return root


def test_only_test_images_change_and_a_damaged_one_stays_to_be_reported(tmp_path: Path) -> None:
    root = dataset(tmp_path / "data")
    plain = category_of(config(root, tmp_path / "cache"), "small", "ring")
    dark = category_of(config(root, tmp_path / "cache", brightness=0.5), "small", "ring")
    assert dark.train == plain.train
    assert [s.image_id for s in dark.test] == [s.image_id for s in plain.test]
    for before, after in zip(plain.test, dark.test, strict=True):
        if before.image_id.endswith("scratch/001.png"):
            assert after.image_path == before.image_path
            continue
        half = np.asarray(Image.open(before.image_path), dtype=float) / 2
        assert np.abs(np.asarray(Image.open(after.image_path)) - half).max() <= 1
    hashes = image_hashes(plain.test), image_hashes(dark.test)
    assert sum(hashes[0][name] != hashes[1][name] for name in hashes[0]) == 3


def test_a_second_look_reads_the_store(tmp_path: Path) -> None:
    root = dataset(tmp_path / "data")
    settings = config(root, tmp_path / "cache", noise=4)
    [first] = {s.image_path for s in category_of(settings, "small", "ring").test if "good/000" in s.image_id}
    written = first.stat().st_mtime_ns
    degraded.cache_clear()
    [again] = {s.image_path for s in category_of(settings, "small", "ring").test if "good/000" in s.image_id}
    assert (again, again.stat().st_mtime_ns) == (first, written)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photographs_rotation_is_kept_for_its_mask(orientation: int, tmp_path: Path) -> None:
    """The mask lies on the sensor's pixels, as a tool that ignores EXIF draws it: on the degraded image it marks what it marked."""
    rng = np.random.default_rng(orientation)
    folder = tmp_path / "data/ring"
    for name in ("train/good/0.png", "train/good/1.png", "test/good/0.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(folder / name)
    marked = np.zeros((30, 40), dtype=bool)
    marked[3:9, 25:37] = True
    exif = Image.Exif()
    exif[0x0112] = orientation
    for place in ("test/cut", "ground_truth/cut"):
        (folder / place).mkdir(parents=True)
    Image.fromarray(np.where(marked[..., None], 250, 10).repeat(3, 2).astype(np.uint8)).save(folder / "test/cut/0.png", exif=exif)
    Image.fromarray(marked).save(folder / "ground_truth/cut/0_mask.png")

    [sample] = [s for s in category_of(config(tmp_path / "data", tmp_path / "cache", brightness=0.8), "small", "ring").test if s.is_defective]
    seen = read_image_of(sample)
    assert seen.size == ((30, 40) if orientation >= 5 else (40, 30))
    bright = np.asarray(seen)[..., 0] > 100
    mask = read_masks_of(sample, seen.size)
    if orientation >= 5:
        assert np.array_equal(mask.defective, bright) and mask.remarks == ("turned",)
    else:
        # The size does not tell whether the mask was drawn before: it is taken as it stands, and said.
        assert np.array_equal(mask.defective, marked) and mask.remarks == (() if orientation == 1 else ("perhaps_turned",))
