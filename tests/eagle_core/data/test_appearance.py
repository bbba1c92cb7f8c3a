"""What looks like no training image is told why; what does, and what has a defect, is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from eagle_core.data.appearance import SeenAppearances, appearance_of, why_not_judged
from eagle_core.expert.scene import LEAST, KnownScene


def picture(seed: int, size: tuple[int, int] = (96, 64), defect: bool = False) -> Image.Image:
    rng = np.random.default_rng(seed)
    x = np.arange(size[0])
    pixels = 120 + 40 * np.sin(x / 4)[None] + rng.normal(0, 6, (size[1], size[0]))
    if defect:
        pixels[20:34, 30:50] = 10
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).convert("RGB")


SEEN = SeenAppearances.over([appearance_of(picture(seed)) for seed in range(8)])


@pytest.mark.parametrize("seed", range(20, 30))
@pytest.mark.parametrize("defect", [False, True])
def test_parts_with_and_without_a_defect_are_judged(seed, defect):
    assert why_not_judged(appearance_of(picture(seed, defect=defect)), SEEN) is None


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (Image.new("RGB", (96, 64)), "blank"),
        (Image.new("RGB", (96, 64), "white"), "blank"),
        (picture(1).point(lambda v: min(255, v * 3)), "white (saturated)"),
        (picture(1).point(lambda v: max(0, v - 120)), "black"),
        (picture(1).point(lambda v: v // 3 + 1), "too dark"),
        (picture(1).filter(ImageFilter.GaussianBlur(2)), "blurred"),
        (picture(1, (64, 96)), "another size"),
        (picture(1, (192, 128)), "another size"),
        (picture(1, (48, 32)), "another size"),
        (Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)), "noisy"),
    ],
)
def test_what_was_never_seen_is_told(image, word):
    assert str(why_not_judged(appearance_of(image), SEEN)).startswith(word)


def test_measures_by_hand():
    """Columns 0, 0, 252, 252: mean 126, spread 126, half black, half white; each inner pixel beside the edge has |Laplacian| 252."""
    image = Image.fromarray(np.tile(np.array([0, 0, 252, 252], np.uint8), (4, 1))).convert("RGB")
    seen = appearance_of(image)
    assert (seen.width, seen.height, seen.brightness, seen.contrast, seen.dark, seen.bright, seen.sharpness) == (4, 4, 126, 126, 0.5, 0.5, 252)


def test_another_scene_lies_far_from_all_training_images():
    rng = np.random.default_rng(3)
    near = rng.normal(0, 0.02, (20, 16)) + np.eye(16)[0]
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    scene = KnownScene.of(near.astype(np.float32))
    assert scene is not None and scene.why_not_judged(near[3].astype(np.float32)) is None
    assert str(scene.why_not_judged(np.eye(16, dtype=np.float32)[5])).startswith("another scene")


def test_a_camera_that_never_moves_makes_no_defect_another_scene():
    """Training images 0.02 apart; a defect at 0.4, as a broken bottle was seen at, is 20 times as far and is judged all the same."""
    turned = np.array([[np.cos(a), np.sin(a)] for a in 0.02 * np.arange(9)], dtype=np.float32)
    scene = KnownScene.of(turned)
    assert scene is not None and scene.limit == LEAST

    def at(distance: float) -> np.ndarray:
        angle = -2 * np.arcsin(distance / 2)
        return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)

    assert scene.why_not_judged(at(0.4)) is None
    assert str(scene.why_not_judged(at(0.85))).startswith("another scene")


def test_without_enough_images_or_differences_no_scene_is_known():
    same = np.tile(np.eye(4, dtype=np.float32)[0], (9, 1))
    assert KnownScene.of(same) is None and KnownScene.of(same[:3]) is None
