"""Distance to the nearest bank patch (paper: Eqs. 2-3) by one matrix product, exact where it is zero."""

from __future__ import annotations

from dataclasses import dataclass

import torch

QUERIES_AT_ONCE = 1024
NOTHING = slice(0, 0)


@dataclass(frozen=True, slots=True)
class SearchBank:
    """A memory bank prepared for search.

    |x - m|^2 is computed as |x|^2 - 2xm + |m|^2 around the bank's mean, which keeps the norms, and with them
    the cancellation, small. It only decides *which* patch is nearest; the distance to it is then computed by
    subtraction, so that a patch of the bank itself scores exactly 0.
    """

    points: torch.Tensor
    """``(M, D) float32``."""
    mean: torch.Tensor
    centred: torch.Tensor
    norms: torch.Tensor
    """``(M,) float32``, squared, of ``centred``."""

    @classmethod
    def of(cls, points: torch.Tensor) -> SearchBank:
        """Prepare ``(M, D) float32``."""
        mean = points.mean(dim=0)
        centred = points - mean
        return cls(points, mean, centred, centred.square().sum(dim=1))

    def ranks(self, queries: torch.Tensor) -> torch.Tensor:
        """``(n, D)`` to ``(n, M)``: squared distances less each query's own squared norm, which ranks alike."""
        return torch.addmm(self.norms, queries - self.mean, self.centred.T, alpha=-2)

    def nearest(
        self, queries: torch.Tensor, neighbours: int = 1, without: slice = NOTHING
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The nearest bank patches of each query.

        Args:
            queries: ``(n, D) float32``.
            neighbours: How many; fewer where the bank has no more.
            without: Rows that do not count; not all of them.

        Returns:
            ``(n, k) float32`` Euclidean distances, nearest first, and ``(n, k) int64`` their rows.
        """
        count = min(neighbours, len(self.points) - len(range(*without.indices(len(self.points)))))
        distances, rows = [], []
        for chunk in queries.split(QUERIES_AT_ONCE):
            ranks = self.ranks(chunk)
            ranks[:, without] = torch.inf
            # The least alone is found faster than sorted ones.
            nearest = ranks.argmin(dim=1)[:, None] if count == 1 else ranks.topk(count, largest=False).indices
            distances.append(torch.linalg.vector_norm(chunk[:, None] - self.points[nearest], dim=2))
            rows.append(nearest)
        return torch.cat(distances), torch.cat(rows)
