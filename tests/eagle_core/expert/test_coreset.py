"""The batched greedy coreset against a float64 textbook loop and against anomalib's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from anomalib.models.components import KCenterGreedy
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.errors import FitError
from eagle_core.expert.coreset import greedy_coreset, project, projection_matrix


def brute_force(points: np.ndarray, size: int, start: int) -> tuple[list[int], float]:
    """Farthest-first traversal in float64, ties to the lowest index."""
    points = points.astype(np.float64)
    chosen = [start]
    nearest = np.linalg.norm(points - points[start], axis=1)
    while len(chosen) < size:
        left = nearest.copy()
        left[chosen] = -1
        chosen.append(int(left.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen, float(nearest.max())


@pytest.mark.parametrize("block", [1, 7, 64, 1024])
@pytest.mark.parametrize(("count", "dimension", "size"), [(900, 16, 90), (500, 3, 250), (300, 40, 299), (50, 8, 1)])
def test_same_set_as_brute_force(count, dimension, size, block):
    points = torch.randn(count, dimension, generator=torch.Generator().manual_seed(count)) + 20
    found = greedy_coreset(points, size, start=11, block=block)
    expected, radius = brute_force(points.numpy(), size, start=11)
    assert sorted(found.indices.tolist()) == sorted(expected)
    assert found.indices[0] == 11
    assert found.cover_radius == pytest.approx(radius, rel=1e-4)


def test_same_set_as_anomalib():
    points = torch.randn(600, 12, generator=torch.Generator().manual_seed(5))
    # A third dimension keeps anomalib from projecting; it picks its own first centre.
    theirs = KCenterGreedy(points[:, :, None], sampling_ratio=0.1).select_coreset_idxs()
    ours = greedy_coreset(points, 60, start=theirs[0], block=50)
    assert sorted(ours.indices.tolist()) == sorted(theirs)


@given(st.integers(1, 60), st.integers(0, 10**6), st.integers(1, 20), st.data())
def test_with_duplicates_indices_are_distinct_and_cover_is_that_of_brute_force(count, seed, block, data):
    """Points on a coarse lattice: many duplicates and exact ties, so only the radius is comparable.

    The radius of greedy choices depends on how ties fall; it is at most twice the best possible one, and so
    within a factor of two of any other greedy run.
    """
    points = torch.randint(0, 3, (count, 2), generator=torch.Generator().manual_seed(seed)).float()
    size = data.draw(st.integers(1, count))
    found = greedy_coreset(points, size, start=0, block=block)
    assert len(set(found.indices.tolist())) == size
    covered = torch.cdist(points.double(), points[found.indices].double()).amin(dim=1).max()
    assert found.cover_radius == pytest.approx(float(covered), abs=1e-3)
    _, radius = brute_force(points.numpy(), size, start=0)
    assert float(covered) <= 2 * radius + 1e-6
    assert radius <= 2 * float(covered) + 1e-6


def test_identical_points_fill_up_by_lowest_index():
    found = greedy_coreset(torch.ones(6, 3), 4, start=2)
    assert found.indices.tolist() == [2, 0, 1, 3]
    assert found.cover_radius == 0.0


def test_every_point_chosen_leaves_nothing_uncovered():
    points = torch.randn(40, 5, generator=torch.Generator().manual_seed(1))
    found = greedy_coreset(points, 40, start=0, block=8)
    assert sorted(found.indices.tolist()) == list(range(40))
    assert found.cover_radius == 0.0


def test_progress_ends_at_the_size():
    calls = []
    points = torch.randn(200, 4, generator=torch.Generator().manual_seed(1))
    greedy_coreset(points, 50, start=0, block=10, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (50, 50)
    assert calls == sorted(calls)


@pytest.mark.parametrize("size", [0, 11])
def test_impossible_size_is_refused(size):
    with pytest.raises(FitError, match=r"1\.\.10"):
        greedy_coreset(torch.zeros(10, 2), size, start=0)


def test_non_finite_points_are_refused():
    points = torch.zeros(10, 2)
    points[3, 1] = torch.nan
    with pytest.raises(FitError, match="not finite"):
        greedy_coreset(points, 2, start=0)


def test_projection_keeps_distances_and_follows_its_seed():
    """Johnson-Lindenstrauss: squared distances are kept on average, here within 3 standard errors."""
    matrix = projection_matrix(400, 128, seed=3)
    points = torch.randn(100, 400, generator=torch.Generator().manual_seed(2))
    ratio = torch.pdist(project(points, matrix)).square() / torch.pdist(points).square()
    assert ratio.mean() == pytest.approx(1, abs=0.05)
    assert torch.equal(matrix, projection_matrix(400, 128, seed=3))
    assert not torch.equal(matrix, projection_matrix(400, 128, seed=4))


@pytest.mark.parametrize("target", [None, 64, 100])
def test_no_projection_where_it_would_not_shrink(target):
    points = torch.ones(2, 64)
    assert projection_matrix(64, target, seed=0) is None
    assert project(points, None) is points
