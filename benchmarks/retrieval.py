"""HNSW against exact search in Echo's memory: recall@1 and time per query, side by side in one run.

    python -m benchmarks.retrieval --vectors 100000 --dimension 512

Vectors are drawn around cluster centres, as embeddings of a few products are, and then of no structure at all,
which is the hardest case for a graph.
"""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import typer

from eagle_core.retrieval.memory import ImageMemory, MemoryEntry, recall_at_one

EFFORTS = (16, 64, 128, 256)


def clustered(rng: np.random.Generator, count: int, dimension: int, centres: np.ndarray, spread: float) -> np.ndarray:
    """``(count, dimension) float32`` of unit length."""
    rows = centres[rng.integers(len(centres), size=count)] + spread * rng.standard_normal((count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def seconds_per_query(memory: ImageMemory, queries: np.ndarray, effort: int) -> float:
    """Mean over ``queries``, one at a time as in a run."""
    start = time.perf_counter()
    for query in queries:
        memory.search(query, 1, effort=effort)
    return (time.perf_counter() - start) / len(queries)


def main(
    vectors: Annotated[int, typer.Option(help="In memory.")] = 100_000,
    dimension: Annotated[int, typer.Option(help="CLIP ViT-B/16: 512.")] = 512,
    queries: Annotated[int, typer.Option()] = 200,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Print one line for each data set and effort."""
    rng = np.random.default_rng(seed)
    entries = [MemoryEntry(str(i), "product") for i in range(vectors)]
    for name, spread in (("clustered", 0.03), ("unstructured", 1e6)):
        centres = rng.standard_normal((27, dimension))
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        stored = clustered(rng, vectors, dimension, centres, spread)
        asked = clustered(rng, queries, dimension, centres, spread)
        exact = ImageMemory.build(entries, stored, exact_below=vectors)
        start = time.perf_counter()
        graph = ImageMemory.build(entries, stored, exact_below=1)
        built = time.perf_counter() - start
        baseline = seconds_per_query(exact, asked, 1)
        print(f"{name}: {vectors} vectors of {dimension}; HNSW built in {built:.0f} s")
        for effort in EFFORTS:
            recall = recall_at_one(graph, stored, asked, effort=effort)
            ratio = baseline / seconds_per_query(graph, asked, effort)
            print(f"  efSearch {effort:>3}: recall@1 {recall:.3f}, {ratio:.1f} times as fast as exact search")


if __name__ == "__main__":
    typer.run(main)
