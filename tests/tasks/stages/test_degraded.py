"""Degraded test images in the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from eagle_core.config import EagleConfig
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
