"""How many different parts a set of normal images shows: its effective number.

n images carry the information of n only where they are independent. They are not in three ways, and the one that finds
most counts:

- groups: images of one known group (lot, part, sheet) are more alike than others. Kish's design effect:
  n / (1 + sum over pairs of a group of rho / n), rho being what they have in common beyond strangers.
- order: images taken one after another are alike, as frames and modules are. The effective sample size of a correlated
  series, n / (1 + 2 sum of rho(lag)), lags up to the first pair that is not positive (Geyer 1992). It counts only where
  shuffled orders do not show as much.
- copies: images lie in tight clusters, each far nearer to itself than to anything else: shots of one part in any order.

Likeness enters squared: a faint trend over a day moves all images a little and makes none of them a repetition. Which parts
are alike by nature, as turned screws, is no repetition either, and is not counted. What it does not see: repeated shots
in a shuffled order that differ from each other nearly as much as parts do. Measured in docs/promise.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

ISOLATED = 0.7
"""A cluster counts as one part where its own gaps are at most this share of the gap to its neighbours. Seen: sets of
independent shots keep 97 % of their number or more."""
SHUFFLES = 99
UNUSUAL = 0.05
"""Share of shuffled orders that may look as serial as the real one."""
FEWEST = 5
"""Images of which nothing of the kind is told."""

Repeats = Literal["groups", "order", "copies", "none"]


@dataclass(frozen=True, slots=True)
class EffectiveNumber:
    """Of a set of images."""

    images: int
    parts: float
    """1 to ``images``."""
    repeats: Repeats
    """In which way the images repeat each other."""


def effective_number(grids: np.ndarray, names: Sequence[str], groups: Sequence[str] | None, *, seed: int = 0) -> EffectiveNumber:
    """The effective number of images.

    Args:
        grids: ``(N, R)``, centred, rows of unit length, as ``LikenessReference`` holds them.
        names: Of the images; digits in them are read as numbers, and order is taken from that.
        groups: Of each image; None: not known.
        seed: Of the shuffled orders.
    """
    count = len(grids)
    if count < FEWEST:
        return EffectiveNumber(count, float(count), "none")
    order = sorted(range(count), key=lambda i: natural_key(names[i]))
    cosines = np.asarray(grids[order], dtype=np.float32)
    cosines = (cosines @ cosines.T).astype(np.float64)
    common = np.sign(cosines) * cosines**2
    np.fill_diagonal(common, 1.0)
    # What any two of the images have in common is no repetition.
    strangers = (common.sum() - count) / (count * (count - 1))
    beyond = (common - strangers) / (1 - strangers)
    found: dict[Repeats, float] = {"order": _by_order(beyond, np.random.default_rng(seed)), "copies": _by_copies(cosines)}
    if groups is not None:
        found["groups"] = _by_groups(common, np.asarray(groups)[order])
    repeats = min(found, key=lambda way: found[way])
    parts = float(np.clip(found[repeats], 1, count))
    return EffectiveNumber(count, parts, repeats if parts < count else "none")


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """For sorting: ``shot_9`` before ``shot_10``."""
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in re.findall(r"[0-9]+|[^0-9]+", name)]


def _by_order(beyond: np.ndarray, generator: np.random.Generator) -> float:
    count = len(beyond)
    real = _series(beyond)
    shuffled = (generator.permutation(count) for _ in range(SHUFFLES))
    as_serial = sum(_series(beyond[np.ix_(order, order)]) <= real for order in shuffled)
    return real if (1 + as_serial) / (1 + SHUFFLES) <= UNUSUAL else float(count)


def _series(beyond: np.ndarray) -> float:
    """n / (1 + 2 sum rho), rho(lag) the mean over all pairs at that lag."""
    count, total = len(beyond), 0.0
    for lag in range(1, count // 2, 2):
        pair = float(np.diagonal(beyond, lag).mean() + np.diagonal(beyond, lag + 1).mean())
        if pair <= 0:
            break
        total += pair
    return count / (1 + 2 * total)


def _by_groups(common: np.ndarray, groups: np.ndarray) -> float:
    """Kish: n^2 over the sum of all pairs' correlations, rho within a group and 0 elsewhere."""
    count = len(common)
    same = groups[:, None] == groups[None, :]
    if same.all():
        return 1.0
    strangers = common[~same].mean()
    np.fill_diagonal(same, False)
    if not same.any():
        return float(count)
    rho = max(0.0, (common[same].mean() - strangers) / (1 - strangers))
    return float(count**2 / (count + rho * same.sum()))


def _by_copies(cosines: np.ndarray) -> float:
    """Clusters of single linkage that are isolated, the largest that are, and images in none."""
    count = len(cosines)
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 0))
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform((distances + distances.T) / 2, checks=False), "single")
    heights = np.concatenate([np.zeros(count), tree[:, 2]])
    sizes = np.concatenate([np.ones(count), tree[:, 3]])
    clusters, waiting = 0, [(2 * count - 2, 0.0)]
    while waiting:
        node, outside = waiting.pop()
        # More than half of all images would make one odd image turn the rest into a single part.
        if node < count or (heights[node] <= ISOLATED * outside and sizes[node] <= count / 2):
            clusters += 1
        else:
            waiting += [(int(child), heights[node]) for child in tree[node - count, :2]]
    return float(clusters)
