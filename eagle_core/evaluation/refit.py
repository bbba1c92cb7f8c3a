"""An expert as it is beside the same expert fitted again: rates on the same test images, and whose verdict flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from eagle_core.evaluation.bootstrap import Interval, generator, percentile_interval, stratified_draws


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled test images and what an expert says of them."""

    image_ids: tuple[str, ...]
    labels: np.ndarray
    """``(N,) bool``: defective."""
    alarms: np.ndarray
    """``(N,) bool``: called defective."""


class Rate(NamedTuple):
    """A share of images with its interval; ``value`` None where there are no such images."""

    value: float | None
    low: float | None
    high: float | None
    images: int


class Flip(NamedTuple):
    """An image that the two call differently."""

    image_id: str
    is_defective: bool
    was_alarm: bool


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one expert on labelled test images."""

    balanced_accuracy: Rate
    false_alarms: Rate
    recall: Rate


def rates_of(judged: Judged, confidence: float, samples: int, seed: int) -> Rates:
    """Wilson intervals for the two shares, a bootstrap stratified by label for their mean.

    Args:
        judged: Test images.
        confidence: Of the intervals.
        samples: Bootstrap draws.
        seed: Of them.
    """
    labels, alarms = judged.labels, judged.alarms
    false_alarms, recall = _share(alarms[~labels], confidence), _share(alarms[labels], confidence)
    if false_alarms.value is None or recall.value is None:
        return Rates(Rate(None, None, None, len(labels)), false_alarms, recall)
    right = alarms == labels
    draws = stratified_draws(labels, samples, generator(seed, "refit"))
    replicates = (right[draws] & labels).sum(axis=1) / labels.sum() / 2 + (right[draws] & ~labels).sum(axis=1) / (~labels).sum() / 2
    interval = percentile_interval(replicates, confidence) or Interval(0.0, 1.0)
    value = (1 - false_alarms.value + recall.value) / 2
    return Rates(Rate(value, interval.low, interval.high, len(labels)), false_alarms, recall)


def flips_between(old: Judged, new: Judged) -> tuple[Flip, ...]:
    """Images that both have judged, and not alike, in the order of ``new``."""
    before = dict(zip(old.image_ids, old.alarms.tolist(), strict=True))
    return tuple(
        Flip(name, bool(label), before[name])
        for name, label, alarm in zip(new.image_ids, new.labels, new.alarms, strict=True)
        if name in before and before[name] != alarm
    )


def _share(alarms: np.ndarray, confidence: float) -> Rate:
    if not len(alarms):
        return Rate(None, None, None, 0)
    interval = binomtest(int(alarms.sum()), len(alarms)).proportion_ci(confidence, method="wilson")
    return Rate(float(alarms.mean()), float(interval.low), float(interval.high), len(alarms))
