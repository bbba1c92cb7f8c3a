"""Nearest-neighbour distances against faiss and float64."""

from __future__ import annotations

import faiss
import numpy as np
import torch

from eagle_core.expert.nearest import QUERIES_AT_ONCE, SearchBank


def test_equals_faiss_over_several_chunks():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(500, 64, generator=generator) + 3
    queries = torch.randn(QUERIES_AT_ONCE + 77, 64, generator=generator) + 3
    index = faiss.IndexFlatL2(64)
    index.add(points.numpy())
    squared, _ = index.search(queries.numpy(), 1)
    ours = SearchBank.of(points).nearest(queries)[0][:, 0]
    np.testing.assert_allclose(ours.numpy(), np.sqrt(squared[:, 0]), rtol=1e-4)


def test_bank_patches_score_exactly_zero_far_from_the_origin():
    """|x|^2 - 2xm + |m|^2 in float32 would be off by about sqrt(64e6 * 6e-8) = 2 here."""
    points = torch.randn(300, 64, generator=torch.Generator().manual_seed(0)) + 1000
    assert not SearchBank.of(points).nearest(points)[0].any()


def test_tiny_distances_are_right():
    points = torch.randn(300, 64, generator=torch.Generator().manual_seed(0)) * 10
    moved = points.clone()
    moved[:, 0] += 1e-3
    expected = (moved - points).norm(dim=1)
    np.testing.assert_allclose(SearchBank.of(points).nearest(moved)[0][:, 0].numpy(), expected.numpy(), rtol=1e-6)


def test_several_neighbours_without_some_rows_equal_faiss_on_the_others():
    generator = torch.Generator().manual_seed(0)
    points, queries = torch.randn(60, 8, generator=generator), torch.randn(40, 8, generator=generator)
    index = faiss.IndexFlatL2(8)
    index.add(np.delete(points.numpy(), np.s_[10:35], axis=0))
    squared, rows = index.search(queries.numpy(), 3)
    ours, found = SearchBank.of(points).nearest(queries, 3, without=slice(10, 35))
    np.testing.assert_allclose(ours.numpy(), np.sqrt(squared), rtol=1e-4)
    np.testing.assert_array_equal(found.numpy(), np.where(rows >= 10, rows + 25, rows))


def test_a_bank_of_two_has_no_third_neighbour():
    distances, rows = SearchBank.of(torch.eye(2)).nearest(torch.zeros(1, 2), 3)
    assert distances.shape == rows.shape == (1, 2)
