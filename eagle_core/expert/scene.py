"""Is this the scene that the training images show? Told by the mean of an image's features, not by its pixels.

A patch expert gives a wood board that is held before the bottle camera a high score, like a broken bottle. The mean of all
patches tells the two apart: a defect moves it little, another product far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MEDIANS, EXTREMES = 5.0, 1.2
"""Farther than so many times the usual, and the largest, distance between neighbouring training images. Seen with the
default backbone: defects of seven categories at most 3.9 and 1.2, the nearest image of another category 5.3 and 1.6."""
LEAST = 0.6
"""Nearer than this no image shows another scene, however alike the training images are: a camera that never moves must not
make a defect unjudgeable. Distances go from 0 to 1.41. Seen with the default backbone: a broken bottle at most 0.40 (its limit
was 0.30 without this), a cracked cookie 0.36, a good part saved as PNG against training images in JPEG 0.36; the nearest image
of another product 0.85."""
FEWEST = 5
"""Training images without which no scene is known."""


@dataclass(frozen=True, slots=True)
class KnownScene:
    """The training images' embeddings and how far they lie from each other."""

    embeddings: np.ndarray
    """``(N, D) float32``, of length 1."""
    limit: float
    """Distance to the nearest training image from which on an image shows another scene."""

    @staticmethod
    def of(embeddings: np.ndarray) -> KnownScene | None:
        """None: too few training images, or all of them alike."""
        if len(embeddings) < FEWEST:
            return None
        distances = _distances(embeddings, embeddings)
        np.fill_diagonal(distances, np.inf)
        nearest = distances.min(axis=1)
        spread = max(MEDIANS * float(np.median(nearest)), EXTREMES * float(nearest.max()))
        return None if spread <= 1e-3 else KnownScene(embeddings, max(spread, LEAST))

    def why_not_judged(self, embedding: np.ndarray) -> str | None:
        """Why an image with this ``(D,)`` embedding is none of this scene, in plain words; None where it is."""
        distance = float(_distances(embedding[None], self.embeddings).min())
        if distance <= self.limit:
            return None
        return f"another scene: it differs from every training image {distance / self.limit:.1f} times as much as a part of this kind may"


def _distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """``(N, M) float64``: Euclidean, of vectors of length 1."""
    products = np.clip(one.astype(np.float64) @ other.astype(np.float64).T, -1, 1)
    return np.sqrt(np.maximum(2 - 2 * products, 0))
