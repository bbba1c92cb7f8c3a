"""The inverse geometry, against PIL's own resize and crop and by properties over many sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eagle_core.config import PreprocessingConfig
from eagle_core.errors import DataError
from eagle_core.geometry import ImageGeometry, PixelRectangle

STRETCH = PreprocessingConfig(resize=256)
STRETCH_CROP = PreprocessingConfig(resize=256, center_crop=224)
PAPER = PreprocessingConfig(resize=256, fit="short_side", center_crop=224)

sizes = st.tuples(st.integers(1, 900), st.integers(1, 900))
configs = st.sampled_from([STRETCH, STRETCH_CROP, PAPER])
grids = st.tuples(st.integers(1, 33), st.integers(1, 33))


@pytest.mark.parametrize(
    ("size", "config", "resized", "origin", "fed"),
    [
        ((512, 512), STRETCH, (256, 256), (0, 0), (256, 256)),
        ((768, 576), STRETCH, (256, 256), (0, 0), (256, 256)),
        ((512, 512), PAPER, (256, 256), (16, 16), (224, 224)),
        ((1500, 1000), PAPER, (384, 256), (80, 16), (224, 224)),
        ((1000, 1500), PAPER, (256, 384), (16, 80), (224, 224)),
        ((1500, 1000), STRETCH_CROP, (256, 256), (16, 16), (224, 224)),
    ],
)
def test_sizes(size, config, resized, origin, fed):
    geometry = ImageGeometry.of(size, config)
    assert (geometry.resized_size, geometry.crop_origin, geometry.input_size) == (resized, origin, fed)


def test_paper_crop_sees_58_percent_of_a_3_by_2_image():
    # 224 of 384 resized columns = 875 of 1500; 224 of 256 rows = 875 of 1000 (the errata's geometry bug).
    mask = ImageGeometry.of((1500, 1000), PAPER).inspected_mask()
    columns, rows = mask.any(axis=0), mask.any(axis=1)
    assert (columns.sum(), rows.sum()) == (875, 875)
    assert np.flatnonzero(columns)[0] in (312, 313)
    assert mask.sum() == 875 * 875


def test_patch_box_by_hand():
    # 512 -> 256 doubles; crop starts at 16; 28 patches of 8 input pixels: column 1 is 16+8..16+16, doubled.
    geometry = ImageGeometry.of((512, 512), PAPER)
    assert geometry.patch_box(0, 1, (28, 28)) == PixelRectangle(48, 32, 64, 48)
    assert geometry.box_to_original((0, 0, 224, 224)) == PixelRectangle(32, 32, 480, 480)


@given(sizes, configs, grids)
def test_patch_boxes_cover_exactly_the_inspected_pixels(size, config, grid):
    geometry = ImageGeometry.of(size, config)
    count = np.zeros((size[1], size[0]), dtype=int)
    for row in range(grid[0]):
        for column in range(grid[1]):
            box = geometry.patch_box(row, column, grid)
            assert 0 <= box.x0 < box.x1 <= size[0]
            assert 0 <= box.y0 < box.y1 <= size[1]
            count[box.y0 : box.y1, box.x0 : box.x1] += 1
    mask = geometry.inspected_mask()
    assert (count[mask] > 0).all()
    patch = [geometry.input_size[a] / grid[1 - a] * size[a] / geometry.resized_size[a] for a in (0, 1)]
    if min(patch) >= 1:
        assert np.array_equal(count, mask.astype(int))


@given(sizes, configs, grids, st.floats(0.01, 50))
def test_constant_map_stays_constant_where_seen_and_zero_elsewhere(size, config, grid, value):
    geometry = ImageGeometry.of(size, config)
    anomaly_map = geometry.to_original(np.full(grid, value, dtype=np.float32))
    mask = geometry.inspected_mask()
    assert anomaly_map.shape == (size[1], size[0])
    assert anomaly_map.dtype == np.float32
    np.testing.assert_allclose(anomaly_map[mask], value, rtol=1e-5)
    assert not anomaly_map[~mask].any()


@given(st.tuples(st.integers(60, 900), st.integers(60, 900)), configs, st.data())
def test_peak_lands_under_its_patch(size, config, data):
    geometry = ImageGeometry.of(size, config)
    grid = (7, 7)
    row, column = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
    scores = np.zeros(grid, dtype=np.float32)
    scores[row, column] = 1
    y, x = np.unravel_index(geometry.to_original(scores).argmax(), (size[1], size[0]))
    box = geometry.patch_box(row, column, grid)
    assert box.x0 <= x < box.x1
    assert box.y0 <= y < box.y1


@pytest.mark.parametrize("size", [(512, 512), (700, 400), (400, 700)])
@pytest.mark.parametrize("config", [STRETCH, STRETCH_CROP, PAPER])
def test_inverse_finds_what_pil_moved(size, config):
    """A bright square painted on the original is found in the input by PIL and mapped back onto itself."""
    geometry = ImageGeometry.of(size, config)
    left, top, side = size[0] // 2 - 70, size[1] // 2 + 30, 60
    image = Image.new("L", size)
    image.paste(255, (left, top, left + side, top + side))
    x, y = geometry.crop_origin
    fed = image.resize(geometry.resized_size, Image.Resampling.BILINEAR)
    fed = fed.crop((x, y, x + geometry.input_size[0], y + geometry.input_size[1]))
    found = geometry.to_original(np.asarray(fed, dtype=np.float32)) > 127
    expected = np.zeros_like(found)
    expected[top : top + side, left : left + side] = True
    intersection, union = (found & expected).sum(), (found | expected).sum()
    assert intersection / union > 0.93


def test_linear_ramp_is_mapped_exactly():
    """Bilinear interpolation of a ramp is the ramp: value at pixel centre x is its patch coordinate."""
    geometry = ImageGeometry.of((100, 100), PreprocessingConfig(resize=50))
    ramp = np.tile(np.arange(10, dtype=np.float32), (10, 1))
    row = geometry.to_original(ramp)[50]
    expected = np.clip((np.arange(100) + 0.5) / 10 - 0.5, 0, 9)
    np.testing.assert_allclose(row, expected, atol=1e-5)


def test_empty_image_is_refused():
    with pytest.raises(DataError, match="at least one pixel"):
        ImageGeometry.of((0, 10), STRETCH)
