"""Which normal training images are shown beside the query (MMAD's 1-shot and 1-shot+).

An exact index over one category's normal images. Knows nothing of how the embeddings are made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import faiss
import numpy as np

from eagle_core.errors import ConfigurationError, DataError

UNIT_TOLERANCE = 1e-3


class TemplateIndex:
    """Normal images of one category, found by the cosine of their embeddings with the query's.

    Args:
        image_ids: N distinct ids.
        embeddings: ``(N, D) float32``, rows of unit length, in the order of ``image_ids``.

    Raises:
        DataError: Nothing to index, ids that repeat, wrong shapes, or rows that are not finite and of unit length.
    """

    def __init__(self, image_ids: Sequence[str], embeddings: np.ndarray) -> None:
        self.image_ids = tuple(image_ids)
        if len(set(self.image_ids)) != len(self.image_ids):
            raise DataError("a template index needs distinct image ids; an image was listed twice")
        if embeddings.ndim != 2 or len(embeddings) != len(self.image_ids) or embeddings.size == 0:
            raise DataError(
                f"a template index needs one embedding per image, shape (N, D) with N = {len(self.image_ids)} > 0; "
                f"got {embeddings.shape}"
            )
        _check_unit_length(embeddings)
        self._index = faiss.IndexFlatIP(embeddings.shape[1])
        self._index.add(np.ascontiguousarray(embeddings, dtype=np.float32))

    def similar(self, embedding: np.ndarray, k: int, exclude: str | None = None) -> tuple[str, ...]:
        """The ``k`` images with the highest cosine, most similar first; ties to the lowest index.

        Args:
            embedding: ``(D,) float32`` of unit length.
            k: How many; 0 gives none.
            exclude: The query's id; where it is in the index, it is not returned.

        Raises:
            DataError: The embedding does not fit.
            ConfigurationError: The index holds fewer than ``k`` other images.
        """
        if embedding.shape != (self._index.d,):
            raise DataError(
                f"the query's embedding must have shape ({self._index.d},), got {embedding.shape}"
            )
        _check_unit_length(embedding[None])
        self._check_enough(k, exclude)
        # All N are asked for: which of several equal images a shorter search keeps is not defined.
        query = np.ascontiguousarray(embedding[None], dtype=np.float32)
        cosines, found = self._index.search(query, self._index.ntotal)
        order = np.lexsort((found[0], -cosines[0]))
        ranked = (self.image_ids[i] for i in found[0][order])
        return tuple([name for name in ranked if name != exclude][:k])

    def random(self, k: int, seed: int, image_id: str) -> tuple[str, ...]:
        """``k`` distinct images drawn for this query, never itself; other queries and their order do not matter.

        Raises:
            ConfigurationError: The index holds fewer than ``k`` other images.
        """
        self._check_enough(k, image_id)
        others = [name for name in self.image_ids if name != image_id]
        digest = hashlib.sha256(f"{seed}\n{image_id}".encode()).digest()
        generator = np.random.default_rng(int.from_bytes(digest))
        return tuple(others[i] for i in generator.choice(len(others), size=k, replace=False))

    def _check_enough(self, k: int, image_id: str | None) -> None:
        available = len(self.image_ids) - (image_id in self.image_ids)
        if k > available:
            raise ConfigurationError(
                f"retrieval.shots: {k} templates were asked for, but the category has {available} other normal "
                "images; lower retrieval.shots or add normal images"
            )


def _check_unit_length(embeddings: np.ndarray) -> None:
    lengths = np.linalg.norm(embeddings.astype(np.float64), axis=1)
    # Written so that NaN fails.
    if not (np.abs(lengths - 1) <= UNIT_TOLERANCE).all():
        worst = int(np.argmax(np.where(np.isnan(lengths), np.inf, np.abs(lengths - 1))))
        raise DataError(f"embedding {worst} has length {lengths[worst]}; L2-normalise the embeddings first")
