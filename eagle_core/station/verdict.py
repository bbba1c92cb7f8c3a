"""The verdict on one part in two levels: it is stopped from tau on, and looked at from a warning level on."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np

from eagle_core.counted import counted
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.records import Threshold

StationVerdict = Literal["ok", "look", "not_ok", "not_judged"]
"""look: below tau, but above the warning level; not_judged: the image could not be used."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Where a category's scores turn from OK to LOOK to NOT OK."""

    tau: float
    warn_tau: float
    """At most ``tau``; equal to it where there is no warning band."""

    def __post_init__(self) -> None:
        """Refuse levels that would judge silently wrong.

        Raises:
            ConfigurationError: A level is not finite, negative, or the warning level lies above tau.
        """
        if not (isfinite(self.tau) and isfinite(self.warn_tau)) or self.warn_tau < 0:
            raise ConfigurationError(f"levels must be finite and not negative, got {self.warn_tau} and {self.tau}")
        if self.warn_tau > self.tau:
            raise ConfigurationError(
                f"the warning level ({self.warn_tau:.4g}) must not exceed the threshold ({self.tau:.4g}); lower it"
            )


def verdict_of(score: float, levels: Levels) -> StationVerdict:
    """``not_ok`` from tau on, ``look`` from the warning level on, else ``ok``.

    Raises:
        DataError: The score is not finite.
    """
    if not isfinite(score):
        raise DataError(f"a score of {score} cannot be judged; score the image again")
    if score >= levels.tau:
        return "not_ok"
    return "look" if score >= levels.warn_tau else "ok"


def levels_of(threshold: Threshold) -> Levels:
    """Of a fitted threshold; without ``threshold.warn_rate`` there is no warning band."""
    warn_tau = threshold.tau if threshold.tau_warn is None else threshold.tau_warn
    return Levels(threshold.tau, min(threshold.tau, warn_tau))


def reason(score: float, levels: Levels, good_scores: np.ndarray) -> str:
    """One sentence: how the score lies among those of the good parts. Starts with no capital: it follows a verdict."""
    below = int(np.count_nonzero(good_scores < score))
    return (
        f"score {score:.4g} against a threshold of {levels.tau:.4g}; "
        f"{below} of {counted(len(good_scores), 'good part')} scored lower"
    )
