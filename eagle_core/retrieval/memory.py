"""Echo's memory of normal images: nearest neighbours by cosine, over all categories or within one.

Few vectors are searched exactly; many by FAISS's HNSW graph, whose recall against the exact search can be measured.
Saved as FAISS's own index file and a JSON of the ids, without pickle.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from eagle_core.errors import ConfigurationError, DataError

UNIT_TOLERANCE = 1e-3
INDEX_FILE, ENTRIES_FILE = "memory.faiss", "memory.json"


@dataclass(frozen=True, slots=True)
class MemoryEntry:
    """One image (or text) in memory."""

    entry_id: str
    category: str


class ImageMemory:
    """N embeddings with their entries."""

    def __init__(self, entries: Sequence[MemoryEntry], index: faiss.Index, *, exact: bool) -> None:
        self.entries, self.exact = tuple(entries), exact
        self._index = index
        self._by_category: dict[str, np.ndarray] = {}
        names = np.array([entry.category for entry in self.entries])
        for name in np.unique(names):
            self._by_category[str(name)] = np.flatnonzero(names == name).astype(np.int64)

    @classmethod
    def build(
        cls, entries: Sequence[MemoryEntry], embeddings: np.ndarray, *, exact_below: int, neighbours: int = 64
    ) -> ImageMemory:
        """Index ``embeddings``.

        Args:
            entries: N entries with distinct ids.
            embeddings: ``(N, D) float32``, rows of unit length, in their order.
            exact_below: At most so many vectors are searched exactly.
            neighbours: M of the HNSW graph (Echo's code: 64).

        Raises:
            DataError: Nothing to index, repeated ids, wrong shapes, or rows that are not finite and of unit length.
        """
        if len({entry.entry_id for entry in entries}) != len(entries):
            raise DataError("a memory needs distinct ids; an image was listed twice")
        if embeddings.ndim != 2 or len(embeddings) != len(entries) or embeddings.size == 0:
            raise DataError(
                f"a memory needs one embedding per image, shape (N, D) with N = {len(entries)} > 0; got {embeddings.shape}"
            )
        check_unit_length(embeddings)
        dimension, exact = embeddings.shape[1], len(entries) <= exact_below
        if exact:
            index: faiss.Index = faiss.IndexFlatIP(dimension)
        else:
            index = faiss.IndexHNSWFlat(dimension, neighbours, faiss.METRIC_INNER_PRODUCT)
        index.add(np.ascontiguousarray(embeddings, dtype=np.float32))
        return cls(entries, index, exact=exact)

    def search(
        self, embedding: np.ndarray, count: int, *, category: str | None = None, exclude: str | None = None, effort: int = 128
    ) -> tuple[MemoryEntry, ...]:
        """The ``count`` most similar entries, most similar first; ties to the entry that was added first.

        Args:
            embedding: ``(D,) float32`` of unit length.
            count: How many; 0 gives none.
            category: Only entries of it; None: all.
            exclude: An id that is never returned, such as the query's own.
            effort: Candidates that HNSW keeps in sight (efSearch); of no effect on an exact memory.

        Raises:
            DataError: The embedding does not fit.
            ConfigurationError: The category is unknown, or there are fewer than ``count`` other entries.
        """
        if embedding.shape != (self._index.d,):
            raise DataError(f"the query's embedding must have shape ({self._index.d},), got {embedding.shape}")
        check_unit_length(embedding[None])
        allowed = self._allowed(count, category, exclude)
        found, cosines = self._nearest(embedding, min(len(allowed), count + 1), allowed, category, max(effort, count + 1))
        order = np.lexsort((found, -cosines))
        ranked = [self.entries[found[i]] for i in order]
        return tuple([entry for entry in ranked if entry.entry_id != exclude][:count])

    def random(self, count: int, *, seed: int, category: str | None, exclude: str) -> tuple[MemoryEntry, ...]:
        """``count`` entries drawn for the query ``exclude``; other queries and their order do not matter.

        Raises:
            ConfigurationError: As ``search``.
        """
        allowed = [i for i in self._allowed(count, category, exclude) if self.entries[i].entry_id != exclude]
        digest = hashlib.sha256(f"{seed}\n{exclude}".encode()).digest()
        drawn = np.random.default_rng(int.from_bytes(digest)).choice(len(allowed), size=count, replace=False)
        return tuple(self.entries[allowed[i]] for i in drawn)

    def _allowed(self, count: int, category: str | None, exclude: str | None) -> np.ndarray:
        """Positions of the category's entries, of which at least ``count`` must be other than ``exclude``."""
        if category is not None and category not in self._by_category:
            known = ", ".join(sorted(self._by_category))
            raise ConfigurationError(f"the memory holds no normal image of {category!r}; it holds: {known}")
        allowed = np.arange(len(self.entries)) if category is None else self._by_category[category]
        others = sum(self.entries[i].entry_id != exclude for i in allowed) if exclude else len(allowed)
        if count > others:
            raise ConfigurationError(
                f"echo.references: {count} were asked for, but there are {others} other normal images; lower it"
            )
        return allowed

    def _nearest(
        self, embedding: np.ndarray, count: int, allowed: np.ndarray, category: str | None, effort: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Positions and cosines of at least ``count`` entries, in no order."""
        # FAISS makes its parameter classes accept attributes by name at import; its stubs do not know them.
        parameters: Any = faiss.SearchParameters() if self.exact else vars(faiss)["SearchParametersHNSW"]()
        if category is not None:
            parameters.sel = faiss.IDSelectorBatch(allowed)
        if self.exact:
            # All are asked for: which of several equal images a shorter search keeps is not defined.
            count = len(allowed)
        else:
            parameters.efSearch = effort
        query = np.ascontiguousarray(embedding[None], dtype=np.float32)
        cosines, found = self._index.search(query, count, params=parameters)
        kept = found[0] >= 0
        return found[0][kept], cosines[0][kept]

    def save(self, folder: Path) -> None:
        """Write both files into ``folder``, each under its name only when it is complete."""
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{INDEX_FILE}.{os.getpid()}"
        faiss.write_index(self._index, str(aside))
        aside.replace(folder / INDEX_FILE)
        described = {"exact": self.exact, "entries": [[e.entry_id, e.category] for e in self.entries]}
        listed = folder / f".{ENTRIES_FILE}.{os.getpid()}"
        listed.write_text(json.dumps(described), encoding="utf-8")
        listed.replace(folder / ENTRIES_FILE)

    @classmethod
    def load(cls, folder: Path) -> ImageMemory:
        """What ``save`` wrote.

        Raises:
            DataError: A file is missing or damaged.
        """
        try:
            described = json.loads((folder / ENTRIES_FILE).read_text(encoding="utf-8"))
            entries = [MemoryEntry(entry_id, category) for entry_id, category in described["entries"]]
            index = faiss.read_index(str(folder / INDEX_FILE))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise DataError(f"{folder}: not a saved memory ({error}); build it again") from error
        if index.ntotal != len(entries):
            raise DataError(f"{folder}: {index.ntotal} vectors for {len(entries)} entries; build it again")
        return cls(entries, index, exact=bool(described["exact"]))


def recall_at_one(memory: ImageMemory, embeddings: np.ndarray, queries: np.ndarray, *, effort: int = 128) -> float:
    """Share of ``queries`` whose nearest entry is as similar as the exact nearest of ``embeddings``.

    Args:
        memory: Built from ``embeddings``.
        embeddings: ``(N, D) float32``.
        queries: ``(Q, D) float32`` of unit length.
        effort: As in ``search``.
    """
    best = (queries @ embeddings.T).max(axis=1)
    position = {entry.entry_id: i for i, entry in enumerate(memory.entries)}
    hits = 0
    for query, wanted in zip(queries, best, strict=True):
        [found] = memory.search(query, 1, effort=effort)
        hits += bool(query @ embeddings[position[found.entry_id]] >= wanted - 1e-6)
    return hits / len(queries)


def check_unit_length(embeddings: np.ndarray) -> None:
    """Raises:
    DataError: A row is not finite and of unit length.
    """
    lengths = np.linalg.norm(embeddings.astype(np.float64), axis=1)
    # Written so that NaN fails.
    if not (np.abs(lengths - 1) <= UNIT_TOLERANCE).all():
        worst = int(np.argmax(np.where(np.isnan(lengths), np.inf, np.abs(lengths - 1))))
        raise DataError(f"embedding {worst} has length {lengths[worst]}; L2-normalise the embeddings first")
