"""Percentile bootstrap, stratified by label, with the draws in the open so that differences can be paired.

``scipy.stats.bootstrap`` draws strata too, but refuses those of one image and keeps its draws to itself, so
that neither a macro mean over categories nor a paired difference between two methods can share them.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

SMALLEST_DEFINED_SHARE = 0.5
"""An interval is given only where the metric has a value in at least this share of the resamples."""


class Interval(NamedTuple):
    """Percentile interval."""

    low: float
    high: float


def generator(seed: int, *names: str) -> np.random.Generator:
    """A generator for one named group: what other groups there are, and their order, does not matter."""
    digest = hashlib.sha256("\n".join([str(seed), *names]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest))


def stratified_draws(labels: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """``(samples, N) int64``: positions drawn with replacement, each within its own label.

    Column j holds draws from the images with the label of image j, so every resample has the labels ``labels``.
    """
    draws = np.empty((samples, len(labels)), dtype=np.int64)
    for label in (False, True):
        members = np.flatnonzero(labels == label)
        if len(members):
            draws[:, members] = rng.choice(members, size=(samples, len(members)), replace=True)
    return draws


def percentile_interval(replicates: np.ndarray, confidence: float) -> Interval | None:
    """The central ``confidence`` of the replicates; None where too few of them have a value.

    Args:
        replicates: ``(samples,) float64``; NaN where a resample leaves the metric undefined (precision
            without a positive verdict). Such resamples are left out.
        confidence: Such as 0.95.
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) == 0 or len(defined) < SMALLEST_DEFINED_SHARE * len(replicates):
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
