"""Greedy k-center coreset sampling (paper: Eq. 1), exact and in batches.

The textbook loop updates all N distances after every pick, which is bound by memory. Here picks are made
inside the block of the K points that are farthest from the centres so far; as long as the block's best is at
least as far as every point outside it was, it is the farthest of all points, because distances only shrink.
Then all N distances are refreshed with one matrix product. The result is that of the textbook loop, up to the
order of near-ties. Knows nothing of images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from eagle_core.errors import FitError

BLOCK = 1024
ROWS_AT_ONCE = 4096


class Coreset(NamedTuple):
    """Which points were chosen."""

    indices: torch.Tensor
    """``(M,) int64`` on the CPU, in the order in which they were chosen."""
    cover_radius: float
    """Largest Euclidean distance of any point to its nearest centre."""


def greedy_coreset(
    points: torch.Tensor,
    size: int,
    *,
    start: int,
    block: int = BLOCK,
    progress: Callable[[int, int], None] | None = None,
) -> Coreset:
    """Choose ``size`` points, each the farthest from those already chosen.

    Args:
        points: ``(N, d) float32``.
        size: M, 1..N.
        start: The first centre.
        block: K, points among which picks are made between two refreshes.
        progress: Called with (chosen, M) after every refresh.

    Returns:
        The chosen points. Where several are equally far, one of the lowest index among those of the block.
        Once every point coincides with a centre, the lowest unchosen indices fill up.

    Raises:
        FitError: ``size`` is not in 1..N, or a point is not finite.
    """
    count = points.shape[0]
    if not 1 <= size <= count:
        raise FitError(f"a coreset must have 1..{count} points, asked for {size}; check coreset.ratio")
    # Centring keeps the squared norms small, and with them the cancellation in |x|^2 - 2xy + |y|^2.
    centred = points - points.mean(dim=0)
    # Not centred.square().sum(): that would hold one more copy of all points.
    norms = torch.linalg.vector_norm(centred, dim=1).square()
    if not torch.isfinite(norms).all():
        raise FitError("patch features hold values that are not finite; check the backbone's weights")
    chosen = [start]
    nearest = torch.full((count,), torch.inf, device=points.device)
    _refresh(nearest, centred, norms, torch.tensor(chosen, device=points.device))
    while len(chosen) < size:
        picks = _picks_in_block(nearest, centred, norms, min(block, count), size - len(chosen))
        if not picks:
            chosen += _fill_up(chosen, count, size)
            break
        chosen += picks
        _refresh(nearest, centred, norms, torch.tensor(picks, device=points.device))
        if progress is not None:
            progress(len(chosen), size)
    return Coreset(torch.tensor(chosen), float(nearest.max().clamp_min(0).sqrt()))


def project(points: torch.Tensor, matrix: torch.Tensor | None) -> torch.Tensor:
    """``(N, D)`` times ``matrix`` ``(D, d)``; ``points`` themselves without one."""
    return points if matrix is None else points @ matrix


def projection_matrix(dimension: int, target: int | None, seed: int) -> torch.Tensor | None:
    """Algorithm 1's linear map psi, Gaussian, ``(D, d) float32``; None where it would not make points smaller."""
    if target is None or target >= dimension:
        return None
    # Imported when an expert is fitted: scikit-learn's import takes a second, which judging need not wait for.
    from sklearn.random_projection import GaussianRandomProjection

    fitted = GaussianRandomProjection(n_components=target, random_state=seed).fit(np.zeros((1, dimension)))
    return torch.from_numpy(fitted.components_.T.astype(np.float32).copy())


def _picks_in_block(
    nearest: torch.Tensor, centred: torch.Tensor, norms: torch.Tensor, block: int, wanted: int
) -> list[int]:
    """The next picks, until one outside the block could be farther. Empty: all points coincide with centres."""
    outside_best = -np.inf
    if block < nearest.shape[0]:
        values, candidates = nearest.topk(block + 1)
        outside_best, candidates = float(values[-1]), candidates[:-1]
    else:
        candidates = torch.arange(block, device=nearest.device)
    candidates = candidates.sort().values
    members, member_norms = centred[candidates], norms[candidates]
    gram = torch.addmm(member_norms, members, members.T, alpha=-2).add_(member_norms[:, None])
    # The loop makes K tiny steps: numpy's overhead per call is a fraction of torch's.
    between, left = gram.cpu().numpy(), nearest[candidates].cpu().numpy()
    indices = candidates.cpu().numpy()
    picks: list[int] = []
    while len(picks) < wanted:
        best = int(left.argmax())
        if left[best] <= 0 or left[best] < outside_best:
            break
        picks.append(int(indices[best]))
        np.minimum(left, between[best], out=left)
        left[best] = -1
    return picks


def _refresh(nearest: torch.Tensor, centred: torch.Tensor, norms: torch.Tensor, centres: torch.Tensor) -> None:
    """Lower ``nearest`` (squared distances) in place by the new centres, which become -1: never picked again."""
    centre_points, centre_norms = centred[centres], norms[centres]
    for begin in range(0, nearest.shape[0], ROWS_AT_ONCE):
        rows = slice(begin, begin + ROWS_AT_ONCE)
        partial = torch.addmm(centre_norms, centred[rows], centre_points.T, alpha=-2).amin(dim=1)
        torch.minimum(nearest[rows], partial.add_(norms[rows]), out=nearest[rows])
    nearest[centres] = -1


def _fill_up(chosen: list[int], count: int, size: int) -> list[int]:
    free = np.setdiff1d(np.arange(count), chosen)
    return [int(index) for index in free[: size - len(chosen)]]
