"""Boxes against hand-made maps; expected pixels are worked out beside each case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eagle_core.config import PreprocessingConfig
from eagle_core.errors import DataError
from eagle_core.geometry import ImageGeometry
from eagle_core.guidance.boxes import find_boxes
from eagle_core.records import Box

STRETCH = PreprocessingConfig(resize=224)
PAPER = PreprocessingConfig(resize=256, fit="short_side", center_crop=224)


def patches(*cells: tuple[int, int, float], side: int = 28, background: float = 0.1) -> np.ndarray:
    grid = np.full((side, side), background, dtype=np.float32)
    for row, column, score in cells:
        grid[row, column] = score
    return grid


@pytest.mark.parametrize(
    ("size", "config", "box"),
    [
        # Patch (row 7, column 14) of 28 covers input x 112..120, y 56..64 of 224.
        ((224, 224), STRETCH, (112, 56, 120, 64)),
        ((448, 448), STRETCH, (224, 112, 240, 128)),
        ((448, 224), STRETCH, (224, 56, 240, 64)),  # landscape: x twice as wide
        ((224, 896), STRETCH, (112, 224, 120, 256)),  # portrait: y four times as high
        # 512x512 -> 256, crop starts at 16: x = 2*(16 + 112..120), y = 2*(16 + 56..64).
        ((512, 512), PAPER, (256, 144, 272, 160)),
        # 1024x512 -> 512x256, crop starts at x (512-224)/2 = 144, y 16.
        ((1024, 512), PAPER, (512, 144, 528, 160)),
        # 512x1024 -> 256x512, crop starts at x 16, y 144.
        ((512, 1024), PAPER, (256, 400, 272, 416)),
    ],
)
def test_one_patch_above_tau_is_boxed_where_it_lies(size, config, box):
    found = find_boxes(
        patches((7, 14, 5.0)), ImageGeometry.of(size, config), tau=2.0, rule="tau", max_boxes=3
    )
    assert found == (Box(*box, 5.0),)


def test_touching_patches_share_a_box_and_the_highest_regions_come_first():
    grid = patches((0, 0, 3.0), (1, 1, 4.0), (10, 10, 9.0), (20, 5, 5.0), (27, 27, 2.5))
    geometry = ImageGeometry.of((224, 224), STRETCH)
    found = find_boxes(grid, geometry, tau=2.5, rule="tau", max_boxes=3)
    assert found == (Box(80, 80, 88, 88, 9.0), Box(40, 160, 48, 168, 5.0), Box(0, 0, 16, 16, 4.0))
    assert len(find_boxes(grid, geometry, tau=2.5, rule="tau", max_boxes=9)) == 4  # 2.5 counts: s >= tau


@given(
    scores=arrays(np.float32, (6, 9), elements=st.floats(0, 10, width=32)),
    tau=st.floats(0, 10, width=32),
    size=st.tuples(st.integers(20, 300), st.integers(20, 300)),
)
def test_an_image_has_a_box_exactly_when_its_score_reaches_tau(scores, tau, size):
    found = find_boxes(scores, ImageGeometry.of(size, STRETCH), tau=tau, rule="tau", max_boxes=3)
    assert bool(found) == bool(scores.max() >= tau)
    assert all(0 <= b.x0 < b.x1 <= size[0] and 0 <= b.y0 < b.y1 <= size[1] and b.score >= tau for b in found)
    assert [b.score for b in found] == sorted((b.score for b in found), reverse=True)
    if found:
        assert found[0].score == scores.max()


@pytest.mark.parametrize("size", [(224, 224), (640, 480), (300, 900)])
def test_authors_rule_boxes_the_peak_whatever_tau_says(size):
    grid = patches(*((row, column, 5.0) for row in range(18, 22) for column in range(4, 8)))
    geometry = ImageGeometry.of(size, STRETCH)
    (box,) = find_boxes(grid, geometry, tau=1e9, rule="authors", max_boxes=3)
    # The block covers x 32..64, y 144..176 of 224; blurring a block of 32 with sigma 4 and cutting at two thirds
    # of the maximum keeps it within a few pixels: the edge of a blurred step is at one half.
    width, height = size
    assert box.x0 == pytest.approx(32 * width / 224, abs=5 * width / 224)
    assert box.x1 == pytest.approx(64 * width / 224, abs=5 * width / 224)
    assert box.y0 == pytest.approx(144 * height / 224, abs=5 * height / 224)
    assert box.y1 == pytest.approx(176 * height / 224, abs=5 * height / 224)
    assert box.score == pytest.approx(5.0, abs=1e-3)


def test_authors_rule_under_the_paper_crop_stays_in_the_inspected_part():
    """Their bug: the crop's map stretched over all of a landscape image would put this box at x 0..170."""
    grid = patches(*((row, column, 5.0) for row in range(12, 16) for column in range(4)))
    geometry = ImageGeometry.of((1024, 512), PAPER)
    (box,) = find_boxes(grid, geometry, tau=0.0, rule="authors", max_boxes=3)
    assert box.x0 == 288  # 2 * 144: the crop's left edge
    assert 330 <= box.x1 <= 352  # 2 * (144 + 32) less what blurring takes


def test_authors_rule_merges_neighbours_and_keeps_the_highest():
    def block(row: int, column: int, score: float):
        return [(row + i, column + j, score) for i in range(3) for j in range(3)]

    far_apart = patches(*block(2, 2, 5.0), *block(2, 20, 6.0), *block(20, 2, 5.5), *block(20, 20, 5.2))
    geometry = ImageGeometry.of((224, 224), STRETCH)
    found = find_boxes(far_apart, geometry, tau=0.0, rule="authors", max_boxes=3)
    centres = [((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2) for b in found]
    expected = [(172, 28), (28, 172), (172, 172)]  # 6.0, 5.5, 5.2; the 5.0 is fourth
    assert centres == [pytest.approx(centre, abs=1) for centre in expected]
    # The same scene on an image of 56 x 56: regions whose centres are 36 px apart stay, at 18 px they merge.
    near = patches(*block(12, 2, 5.0), *block(12, 11, 5.0))
    small = ImageGeometry.of((56, 56), STRETCH)
    (merged,) = find_boxes(near, small, tau=0.0, rule="authors", max_boxes=3)
    assert merged.x0 <= 7 and merged.x1 >= 25
    assert (
        len(find_boxes(near, ImageGeometry.of((224, 224), STRETCH), tau=0.0, rule="authors", max_boxes=3))
        == 2
    )


def test_authors_rule_falls_back_to_the_median_where_the_map_is_flat():
    ramp = np.tile(np.linspace(9, 10, 28, dtype=np.float32), (28, 1))  # all above two thirds of 10
    (box,) = find_boxes(ramp, ImageGeometry.of((224, 224), STRETCH), tau=0.0, rule="authors", max_boxes=3)
    assert (box.x0, box.y0, box.x1, box.y1) == (112, 0, 224, 224)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_map_has_no_box_under_the_authors_rule(value):
    grid = np.full((28, 28), value, dtype=np.float32)
    assert find_boxes(grid, ImageGeometry.of((224, 224), STRETCH), tau=0.0, rule="authors", max_boxes=3) == ()


@pytest.mark.parametrize("grid", [np.full((4, 4), np.nan), np.zeros((0, 3)), np.zeros(7)])
def test_a_map_that_is_no_finite_grid_is_refused(grid):
    with pytest.raises(DataError, match="finite"):
        find_boxes(grid, ImageGeometry.of((224, 224), STRETCH), tau=0.0, rule="tau", max_boxes=3)


def test_authors_rule_blurs_before_it_cuts():
    """One patch of 8 px: bilinear weights (variance 8²/6) and the blur (4²) make a hump of sigma 5.2 px, which
    is above two thirds of its peak within 5.2 * sqrt(2 ln 1.5) = 4.7 px. Unblurred it would be 2.7 px."""
    (box,) = find_boxes(
        patches((14, 14, 5.0), background=0.0),
        ImageGeometry.of((224, 224), STRETCH),
        tau=0.0,
        rule="authors",
        max_boxes=3,
    )
    assert 8 <= box.x1 - box.x0 <= 11 and 8 <= box.y1 - box.y0 <= 11
    assert ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) == (116, 116)


def test_authors_rule_drops_specks():
    """A patch of 2 px blurs to about 42 of 50176 px: less than a thousandth."""
    grid = patches((50, 50, 5.0), side=112, background=0.0)
    assert find_boxes(grid, ImageGeometry.of((224, 224), STRETCH), tau=0.0, rule="authors", max_boxes=3) == ()


def test_authors_rule_merges_boxes_that_overlap_far_from_each_other():
    """A block inside a U: their boxes, 8 x 12 and 16 x 16 patches, have IoU 0.375, their centres are 64 px apart."""
    walls = [(r, c) for r in range(4, 20) for c in range(4, 20) if c < 6 or c >= 18 or r >= 18]
    block = [(r, c) for r in range(4, 16) for c in range(8, 16)]
    grid = patches(*((r, c, 5.0) for r, c in walls + block))
    geometry = ImageGeometry.of((896, 896), STRETCH)
    (box,) = find_boxes(grid, geometry, tau=0.0, rule="authors", max_boxes=3)
    assert box.x0 == pytest.approx(4 * 32, abs=20) and box.y1 == pytest.approx(20 * 32, abs=20)
    smaller = [(r, c) for r, c in block if r < 10]  # 8 x 6 patches: IoU 0.19
    grid = patches(*((r, c, 5.0) for r, c in walls + smaller))
    assert len(find_boxes(grid, geometry, tau=0.0, rule="authors", max_boxes=3)) == 2
