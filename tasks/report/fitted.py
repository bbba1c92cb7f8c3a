"""What the normal images of each category came to: the limit, and what it promises. There is one without any test image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.graph.values import CategoryResult
from tasks.machinery.store import Entry
from tasks.stages.threshold import read_threshold


@dataclass(frozen=True, slots=True)
class FittedLimit:
    """One category."""

    dataset: str
    category: str
    images: int
    """Normal training images that were scored."""
    different_parts: float
    """That these images show (effective number)."""
    tau: float
    tau_low: float
    tau_high: float
    s_max: float
    method: str
    above: int
    """Of the normal training images, those that the limit would call defective."""


def fitted_limits(results: Sequence[CategoryResult]) -> Iterator[FittedLimit]:
    """In the results' order; categories without a threshold are told elsewhere."""
    for result in results:
        if isinstance(result.threshold, Entry):
            t = read_threshold(result.threshold)
            above = sum(score >= t.tau for score in t.training_scores)
            yield FittedLimit(
                result.name.dataset, result.name.category, len(t.training_scores), t.different_parts or float(len(t.training_scores)),
                t.tau, t.tau_low, t.tau_high, t.s_max, t.method, above,
            )
