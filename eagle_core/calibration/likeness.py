"""How like an image is to the training image nearest to it, once what they all have in common is taken off.

Each image's patch grid is averaged to at most 8 x 8 cells, the training mean is subtracted, and grids are compared by
cosine. Where training images repeat each other (frames, bursts, one part turned) they are much more like one another
than a new image is like any of them: the threshold fitted from them promises too much. No label is needed to see that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

CELLS = 8
CHANNELS = 160
"""Wider features are projected at random to so many channels."""


@dataclass(frozen=True, slots=True)
class LikenessReference:
    """The training images' grids."""

    mean: torch.Tensor
    """``(R,) float32``."""
    grids: torch.Tensor
    """``(N, R) float16``, centred, rows of unit length."""

    def nearest(self, reduced: torch.Tensor) -> torch.Tensor:
        """Cosine of each grid ``(n, R) float32`` (see ``reduce_grids``) with the training grid nearest to it: ``(n,)``."""
        centred = torch.nn.functional.normalize(reduced - self.mean, dim=1)
        return (centred @ self.grids.to(centred).T).amax(dim=1)


def reduce_grids(patches: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """``(n, h * w, D) float32`` patches of images to ``(n, R) float32``."""
    images, _, dimension = patches.shape
    rows, columns = grid
    cells = patches.transpose(1, 2).reshape(images, dimension, rows, columns)
    pooled = torch.nn.functional.adaptive_avg_pool2d(cells, (min(rows, CELLS), min(columns, CELLS)))
    if dimension > CHANNELS:
        generator = torch.Generator().manual_seed(0)
        narrow = torch.randn(dimension, CHANNELS, generator=generator).to(patches.device) / CHANNELS**0.5
        pooled = torch.einsum("ndrc,de->nerc", pooled, narrow)
    return pooled.flatten(1)


def reference_of(reduced: torch.Tensor) -> LikenessReference:
    """The reference of the training images' grids ``(N, R) float32``."""
    mean = reduced.mean(dim=0)
    return LikenessReference(mean, torch.nn.functional.normalize(reduced - mean, dim=1).half())


def likeness_among(reference: LikenessReference, groups: Sequence[str] | None) -> np.ndarray:
    """``(N,) float64``: each training image's likeness to the nearest of another group, or simply to the nearest other.

    Args:
        reference: Of the training images, N >= 2.
        groups: Of each image, at least two different ones; None: each image is its own.
    """
    grids = reference.grids.float()
    likeness = grids @ grids.T
    names = np.arange(len(grids)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    own = torch.from_numpy(names[:, None] == names[None, :])
    return likeness.masked_fill_(own, -torch.inf).amax(dim=1).double().numpy()
