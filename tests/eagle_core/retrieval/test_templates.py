"""Template retrieval against a NumPy argsort."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.errors import ConfigurationError, DataError
from eagle_core.retrieval.templates import TemplateIndex


def unit_rows(count: int, dimension: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_most_similar_come_first_as_an_argsort_has_them():
    rows, queries = unit_rows(200, 48), unit_rows(50, 48, seed=1)
    index = TemplateIndex([f"{i}.png" for i in range(200)], rows)
    for query in queries:
        expected = np.argsort(-(rows.astype(np.float64) @ query), kind="stable")[:5]
        assert index.similar(query, 5) == tuple(f"{i}.png" for i in expected)


def test_equal_images_come_in_index_order():
    row = unit_rows(1, 16)
    other = unit_rows(1, 16, seed=3)
    index = TemplateIndex(["x", "c", "b", "a"], np.concatenate([other, row, row, row]))
    assert index.similar(row[0], 1) == ("c",)
    assert index.similar(row[0], 3) == ("c", "b", "a")


def test_the_query_itself_is_never_its_template():
    rows = unit_rows(5, 8)
    index = TemplateIndex(list("abcde"), rows)
    assert index.similar(rows[2], 1) == ("c",)
    assert "c" not in index.similar(rows[2], 4, exclude="c")
    assert all("c" not in index.random(4, seed, "c") for seed in range(20))


def test_random_templates_depend_on_seed_and_query_only():
    index = TemplateIndex([str(i) for i in range(30)], unit_rows(30, 8))
    alone = index.random(2, 7, "test/1.png")
    for other in ("test/2.png", "test/3.png"):
        index.random(2, 7, other)
    assert index.random(2, 7, "test/1.png") == alone
    drawn = [index.random(1, 7, f"test/{i}.png")[0] for i in range(600)]
    counts = np.unique(drawn, return_counts=True)[1]
    # 600 draws from 30: expectation 20, standard deviation 4.4; five deviations either side.
    assert len(counts) == 30 and counts.min() >= 2 and counts.max() <= 42
    assert len({index.random(2, seed, "test/1.png") for seed in range(20)}) > 10
    assert len(set(index.random(3, 7, "test/1.png"))) == 3


def test_more_shots_than_images_is_an_error_that_says_so():
    index = TemplateIndex(["a", "b"], unit_rows(2, 4))
    assert index.similar(unit_rows(1, 4)[0], 0) == ()
    with pytest.raises(ConfigurationError, match="retrieval.shots: 3 templates .* has 2 other"):
        index.similar(unit_rows(1, 4)[0], 3)
    with pytest.raises(ConfigurationError, match="has 1 other"):
        index.random(2, 0, "a")


@pytest.mark.parametrize(
    ("ids", "rows"),
    [
        (["a", "a"], unit_rows(2, 4)),
        (["a"], unit_rows(2, 4)),
        ([], np.zeros((0, 4), dtype=np.float32)),
        (["a"], 2 * unit_rows(1, 4)),
        (["a"], np.full((1, 4), np.nan, dtype=np.float32)),
    ],
)
def test_what_cannot_be_indexed_is_refused(ids, rows):
    with pytest.raises(DataError):
        TemplateIndex(ids, rows)


def test_a_query_that_is_not_normalised_is_refused():
    index = TemplateIndex(["a", "b"], unit_rows(2, 4))
    with pytest.raises(DataError, match="L2-normalise"):
        index.similar(np.ones(4, dtype=np.float32), 1)
    with pytest.raises(DataError, match="shape"):
        index.similar(np.ones(3, dtype=np.float32), 1)
