"""Patch features that a runtime other than torch computes, with the interface of torch's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

Compute = Callable[[np.ndarray], np.ndarray]
"""``(1, 3, H, W) float32`` to ``(1, D, h, w) float32``."""


class RuntimeFeatures:
    """The whole of ``PooledFeatures`` in one graph. It has no weights to look at, and is not fitted with."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """``(B, 3, H, W) float32`` to ``(B, D, h, w) float32`` at the first layer's grid, one image after the other."""
        images = batch.contiguous().numpy()
        return torch.cat([torch.from_numpy(self._compute(image[None])) for image in images])
