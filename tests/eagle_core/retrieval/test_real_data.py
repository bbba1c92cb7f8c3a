"""Echo's memory on real photographs: the graph finds the image that exact search finds."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.retrieval.memory import ImageMemory, MemoryEntry, recall_at_one

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize("exact_below", [1, 10_000], ids=["HNSW", "exact"])
def test_the_nearest_normal_image_is_found(reading, exact_below):
    stored = reading.expert.training_embeddings.numpy()
    queries = np.stack([p.embedding for p in reading.predictions])
    memory = ImageMemory.build(
        [MemoryEntry(name, "own") for name in reading.expert.training_image_ids], stored, exact_below=exact_below
    )
    assert memory.exact is (exact_below > 1)
    assert recall_at_one(memory, stored, queries) >= (1.0 if memory.exact else 0.99)
