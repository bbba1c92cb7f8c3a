"""Tiles: every feature where the whole image would have it, overlaps averaged, impossible layouts refused with a remedy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from eagle_core.config import CoresetConfig, ExpertConfig, PreprocessingConfig, TilesConfig
from eagle_core.errors import ConfigurationError
from eagle_core.expert.fit import fit_expert
from eagle_core.expert.memory import estimate_fit_bytes
from eagle_core.expert.scoring import predict
from eagle_core.expert.tiling import extract_tiled
from eagle_core.records import Sample


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(1, 3, 96, 160, generator=torch.Generator().manual_seed(0))


def test_tiles_side_by_side_are_the_features_of_each_tile(backbone, image):
    whole = extract_tiled(backbone, image, TilesConfig(size=32, stride=32), batch_size=4)
    assert whole.shape == (1, 240, 12, 20)
    for row in range(3):
        for column in range(5):
            tile = image[:, :, 32 * row : 32 * row + 32, 32 * column : 32 * column + 32]
            placed = whole[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            torch.testing.assert_close(placed, backbone.extract(tile), rtol=0, atol=1e-5)


def test_overlapping_tiles_are_averaged(backbone, image):
    """Recomputed by hand: the sum over the tiles that cover a patch, divided by their number."""
    total, count = torch.zeros(1, 240, 12, 20), torch.zeros(12, 20)
    for top in range(0, 96 - 64 + 1, 32):
        for left in range(0, 160 - 64 + 1, 32):
            rows, columns = slice(top // 8, top // 8 + 8), slice(left // 8, left // 8 + 8)
            total[:, :, rows, columns] += backbone.extract(image[:, :, top : top + 64, left : left + 64])
            count[rows, columns] += 1
    assert (count.min(), count.max()) == (1, 4)
    whole = extract_tiled(backbone, image, TilesConfig(size=64, stride=32), batch_size=3)
    torch.testing.assert_close(whole, total / count, rtol=0, atol=1e-5)


@pytest.fixture
def wide(tmp_path):
    """Six 320 x 96 pictures of grain, the last with a dot of 6 pixels at (200, 40)."""
    generator = np.random.default_rng(0)
    samples = []
    for number in range(6):
        pixels = generator.normal(120, 6, (96, 320, 3))
        if number == 5:
            pixels[40:46, 200:206] = 250
        path = tmp_path / f"{number}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        samples.append(Sample("wide", "grain", path.name, path, "train", is_defective=False))
    return samples


def test_an_image_that_is_not_square_is_fitted_and_judged_in_tiles(backbone, backbone_config, wide):
    config = ExpertConfig(
        preprocessing=PreprocessingConfig(resize=(320, 96)),
        tiles=TilesConfig(size=64, stride=32),
        backbone=backbone_config,
        coreset=CoresetConfig(ratio=0.1),
    )
    expert = fit_expert(wide[:5], config, seed=0)
    assert expert.grid == (12, 40)
    assert expert.sampled.shape == (5, 12, 40) and len(expert.bank) == 5 * 12 * 40 // 10
    normal, dotted = predict(expert, backbone, [wide[4], wide[5]], batch_size=4)
    assert dotted.score > 1.5 * normal.score
    row, column = np.unravel_index(dotted.patch_scores.argmax(), (12, 40))
    assert abs(row - 43 // 8) <= 1 and abs(column - 203 // 8) <= 1


def test_a_layout_that_leaves_pixels_out_is_refused_with_the_next_that_do_not():
    with pytest.raises(ValidationError, match=r"256 every 192 pixels do not cover 1000 exactly; resize to 832 or 1024"):
        ExpertConfig(preprocessing=PreprocessingConfig(resize=1000), tiles=TilesConfig())
    with pytest.raises(ValidationError, match=r"do not cover 100 exactly; resize to 256"):
        ExpertConfig(preprocessing=PreprocessingConfig(resize=(256, 100)), tiles=TilesConfig())
    with pytest.raises(ValidationError, match=r"stride \(65\) exceeds size \(64\)"):
        TilesConfig(size=64, stride=65)


def test_tiles_that_cut_patches_are_refused(backbone, image):
    with pytest.raises(ConfigurationError, match="must be multiples of 8"):
        extract_tiled(backbone, image, TilesConfig(size=36, stride=60 - 24), batch_size=1)


def test_tiles_take_less_memory_than_the_whole_image(backbone_config):
    whole = ExpertConfig(preprocessing=PreprocessingConfig(resize=2048), backbone=backbone_config)
    tiled = whole.model_copy(update={"tiles": TilesConfig(size=512, stride=512)})
    extraction = 4 * 8 * 2048**2 * 40
    assert estimate_fit_bytes(1, whole) - estimate_fit_bytes(1, tiled) > 0.5 * extraction
