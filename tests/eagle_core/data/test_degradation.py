"""Degraded images: what each setting does to pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from eagle_core.config import DegradationConfig
from eagle_core.data.degradation import degrade


@pytest.fixture
def image() -> Image.Image:
    rows, columns = np.mgrid[0:40, 0:60]
    checks = (60 + 100 * ((rows // 4 + columns // 4) % 2)).astype(np.uint8)
    return Image.fromarray(np.stack([checks, checks, checks], axis=2))


def pixels(image: Image.Image, **settings: float) -> np.ndarray:
    worse = degrade(image, DegradationConfig(**settings), seed=0, image_id="a")
    assert (worse.size, worse.mode) == (image.size, "RGB")
    return np.asarray(worse, dtype=np.float64)


def test_the_default_changes_nothing(image: Image.Image) -> None:
    assert np.array_equal(pixels(image), np.asarray(image))


def test_brightness_multiplies_and_contrast_spreads(image: Image.Image) -> None:
    assert np.abs(pixels(image, brightness=0.5) - 0.5 * np.asarray(image)).max() <= 1
    assert pixels(image, contrast=0.5).std() == pytest.approx(0.5 * np.asarray(image).std(), rel=0.02)
    assert pixels(image, contrast=0.5).mean() == pytest.approx(np.asarray(image).mean(), abs=1.5)


@pytest.mark.parametrize("settings", [{"blur": 3.0}, {"resolution": 0.1}])
def test_blur_and_low_resolution_take_detail_away(image: Image.Image, settings: dict[str, float]) -> None:
    steps = np.abs(np.diff(pixels(image, **settings), axis=1))
    assert steps.max() < np.abs(np.diff(np.asarray(image, dtype=float), axis=1)).max()


def test_noise_has_the_deviation_asked_for_and_depends_on_seed_and_id_alone() -> None:
    grey = Image.new("RGB", (200, 200), (128, 128, 128))
    settings = DegradationConfig(noise=8)
    first = np.asarray(degrade(grey, settings, seed=0, image_id="a"), dtype=float)
    assert first.std() == pytest.approx(8, rel=0.05)
    assert np.array_equal(first, np.asarray(degrade(grey, settings, seed=0, image_id="a")))
    for seed, image_id in ((1, "a"), (0, "b")):
        assert not np.array_equal(first, np.asarray(degrade(grey, settings, seed=seed, image_id=image_id)))
