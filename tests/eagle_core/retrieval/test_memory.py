"""Echo's memory against brute force; HNSW's recall; files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eagle_core.errors import ConfigurationError, DataError
from eagle_core.retrieval.memory import ImageMemory, MemoryEntry, recall_at_one


def unit(rng: np.random.Generator, count: int, dimension: int = 24) -> np.ndarray:
    rows = rng.standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def entries(count: int) -> list[MemoryEntry]:
    return [MemoryEntry(f"{'abc'[i % 3]}/train/{i}.png", "abc"[i % 3]) for i in range(count)]


@pytest.mark.parametrize("exact_below", [10_000, 10])
@pytest.mark.parametrize("category", [None, "b"])
def test_the_nearest_is_the_brute_force_nearest(exact_below: int, category: str | None) -> None:
    rng = np.random.default_rng(0)
    vectors, listed = unit(rng, 300), entries(300)
    memory = ImageMemory.build(listed, vectors, exact_below=exact_below)
    assert memory.exact == (exact_below > 300)
    for query in unit(rng, 40):
        cosines = vectors @ query
        allowed = [i for i in range(300) if category in (None, listed[i].category)]
        wanted = sorted(allowed, key=lambda i: -cosines[i])[:3]
        found = memory.search(query, 3, category=category, effort=300)
        assert [e.entry_id for e in found] == [listed[i].entry_id for i in wanted]


def test_the_query_itself_is_never_returned_and_equal_images_keep_their_order() -> None:
    rng = np.random.default_rng(1)
    vectors = np.repeat(unit(rng, 1), 4, axis=0)
    memory = ImageMemory.build(entries(4), vectors, exact_below=100)
    ids = [e.entry_id for e in memory.entries]
    assert [e.entry_id for e in memory.search(vectors[0], 3)] == ids[:3]
    assert [e.entry_id for e in memory.search(vectors[0], 3, exclude=ids[1])] == [ids[0], ids[2], ids[3]]
    assert memory.search(vectors[0], 0) == ()


def test_a_saved_memory_answers_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    vectors = unit(rng, 60)
    for number, exact_below in enumerate((100, 10)):
        memory = ImageMemory.build(entries(60), vectors, exact_below=exact_below)
        memory.save(tmp_path / str(number))
        loaded = ImageMemory.load(tmp_path / str(number))
        assert loaded.exact == memory.exact
        for query in unit(rng, 10):
            assert loaded.search(query, 2, category="a") == memory.search(query, 2, category="a")


def test_hnsw_recall_is_measured_against_the_exact_search() -> None:
    rng = np.random.default_rng(3)
    vectors, queries = unit(rng, 3000), unit(rng, 100)
    exact = ImageMemory.build(entries(3000), vectors, exact_below=10_000)
    assert recall_at_one(exact, vectors, queries) == 1.0
    graph = ImageMemory.build(entries(3000), vectors, exact_below=10)
    assert recall_at_one(graph, vectors, queries, effort=1) <= recall_at_one(graph, vectors, queries, effort=256)
    assert recall_at_one(graph, vectors, queries, effort=256) >= 0.99


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    memory = ImageMemory.build(entries(6), unit(rng, 6), exact_below=10)
    with pytest.raises(ConfigurationError, match="'z'; it holds: a, b, c"):
        memory.search(unit(rng, 1)[0], 1, category="z")
    with pytest.raises(ConfigurationError, match="there are 1 other"):
        memory.search(unit(rng, 1)[0], 2, category="a", exclude="a/train/0.png")
    with pytest.raises(DataError, match="distinct ids"):
        ImageMemory.build([*entries(2), *entries(1)], unit(rng, 3), exact_below=10)
    with pytest.raises(DataError, match="L2-normalise"):
        ImageMemory.build(entries(2), np.full((2, 3), np.nan, np.float32), exact_below=10)
    with pytest.raises(DataError, match="not a saved memory"):
        ImageMemory.load(tmp_path)
