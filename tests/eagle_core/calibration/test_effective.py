"""How many different parts a set of images shows: independent shots count each, bursts count once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from eagle_core.calibration.effective import effective_number, natural_key
from eagle_core.calibration.likeness import reduce_grids, reference_of
from eagle_core.config import ExpertConfig, PreprocessingConfig
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.features import iterate_features
from eagle_core.records import Sample


def centred(grids: np.ndarray) -> np.ndarray:
    away = grids - grids.mean(axis=0)
    return away / np.linalg.norm(away, axis=1, keepdims=True)


def shots(parts: int, each: int, noise: float, seed: int = 0) -> np.ndarray:
    """``parts * each`` images, those of a part one after another."""
    generator = np.random.default_rng(seed)
    return centred(np.repeat(generator.normal(size=(parts, 200)), each, axis=0) + noise * generator.normal(size=(parts * each, 200)))


def names(count: int) -> list[str]:
    return [f"shot_{number}.png" for number in range(count)]


@pytest.mark.parametrize("count", [10, 40, 200])
def test_independent_shots_count_each(count: int) -> None:
    found = effective_number(shots(count, 1, 0.0), names(count), None)
    assert found.images == count and found.parts >= 0.9 * count


def test_parts_that_are_alike_by_nature_count_each() -> None:
    """As screws in any rotation: every image has near neighbours, in no order."""
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 150)
    turned = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ np.random.default_rng(1).normal(size=(2, 200))
    grids = centred(turned + 0.2 * np.random.default_rng(2).normal(size=(150, 200)))
    assert effective_number(grids, names(150), None).parts >= 0.9 * 150


def test_bursts_count_as_their_parts_in_order_and_shuffled() -> None:
    burst = shots(15, 6, 0.2)
    assert effective_number(burst, names(90), None).parts == pytest.approx(15, abs=3)
    order = np.random.default_rng(0).permutation(90)
    shuffled = effective_number(burst[order], names(90), None)
    assert shuffled.repeats == "copies" and shuffled.parts == 15


def test_loose_bursts_are_seen_in_order_or_by_their_groups() -> None:
    loose, lots = shots(15, 6, 0.8), [str(i // 6) for i in range(90)]
    ordered = effective_number(loose, names(90), None)
    assert ordered.repeats == "order" and ordered.parts < 45
    mixed = np.random.default_rng(0).permutation(90)
    grouped = effective_number(loose[mixed], names(90), [lots[i] for i in mixed])
    assert grouped.repeats == "groups" and grouped.parts < 45


def test_kish_by_hand() -> None:
    """Two groups of 3 identical images each: within a group rho = 1, so n^2 / (n + 2 * 6) = 36 / 18 = 2."""
    one, other = np.eye(200)[:2]
    grids = np.stack([one, one, one, other, other, other])
    assert effective_number(grids, [f"{c}.png" for c in "acebdf"], ["a"] * 3 + ["b"] * 3).parts == pytest.approx(2)


def test_fewer_than_five_images_are_taken_as_they_are() -> None:
    assert effective_number(np.ones((3, 8)), names(3), None).parts == 3


def test_numbers_in_names_are_read_as_numbers() -> None:
    assert sorted(["s10.png", "s9.png", "s009b.png"], key=natural_key) == ["s9.png", "s009b.png", "s10.png"]


def test_real_cookies_count_each_and_bursts_of_them_once(real_data, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """31 photographs of 31 cookies (one lies there twice); then 6 shots each of 8 of them, held a little differently."""
    good = sorted((real_data / "cookie/train/good").iterdir())
    burst, generator = [], np.random.default_rng(0)
    for number, path in enumerate(good[::4]):
        with Image.open(path) as opened:
            image = opened.convert("RGB").resize((160, 160))
        for shot in range(6):
            held = image.rotate(generator.uniform(-0.3, 0.3), fillcolor=image.getpixel((1, 1)), translate=tuple(generator.integers(-1, 2, 2)))
            pixels = np.asarray(held, dtype=np.float64) * generator.uniform(0.98, 1.02) + generator.normal(0, 2, (160, 160, 3))
            burst.append(tmp_path / f"{number}_{shot}.png")
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(burst[-1])
    independent, repeated = (_effective(paths) for paths in (good, burst))
    assert independent >= 0.85 * len(good)
    assert repeated == pytest.approx(8, abs=2)


def _effective(paths: list) -> float:  # type: ignore[type-arg]
    config = ExpertConfig(preprocessing=PreprocessingConfig(resize=128))
    samples = [Sample("set", "set", path.name, path, "train", False) for path in paths]
    features = list(iterate_features(load_backbone(config.backbone), samples, config, 8))
    grids = reference_of(torch.stack([reduce_grids(f.patches[None], f.grid)[0] for f in features])).grids  # type: ignore[union-attr]
    return effective_number(grids.numpy(), [sample.image_id for sample in samples], None).parts
