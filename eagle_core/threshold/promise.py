"""What a fitted threshold may promise: the rate, whether a theorem stands behind it, and what more would take.

Scores from folds cost more than the rate. Let n images (or groups) be dealt at random into K folds, each fold scored by
a bank that was built without it and lies inside the deployed bank. A new image's score by the deployed bank is then at
most its score by each fold's bank, so an alarm says that at most (n + 1) a - 1 images reach the new one's score in their
own fold's comparison. The folds' p-values, weighted by fold size, average at most ((n + 1) a - 1 + K) / (n + K), and an
average of p-values is at most doubled (Vovk & Wang 2020). With one image a fold it is 2 a (Barber et al. 2021, Theorem 1).
"""

from __future__ import annotations

import numpy as np

from eagle_core.records import Calibration, Promise, TrainingScores
from eagle_core.threshold.conformal import smallest_rate, units_needed


def promise_of(scores: TrainingScores, asked: float, *, conformal: bool) -> Promise:
    """The promise of a rule that aims at the rate ``asked``.

    Args:
        scores: What tau is fitted from.
        asked: threshold.false_alarm_rate.
        conformal: The rule is the conformal one; others are held to no theorem, and to no least number of images.
    """
    grouped = bool(scores.groups)
    units = len(set(scores.groups)) if grouped else len(scores.scores)
    least = smallest_rate(units) if units else 1.0
    rate = max(asked, least) if conformal else asked
    bound = _bound(scores.calibration, units, rate) if conformal and not scores.suspects else None
    return Promise(
        asked=asked,
        rate=rate,
        bound=bound,
        units=units,
        grouped=grouped,
        calibration=scores.calibration.rule,
        reason=scores.calibration.reason,
        statement=_statement(scores, asked, rate, bound, units),
    )


def _bound(calibration: Calibration, units: int, rate: float) -> float | None:
    if calibration.rule == "held_out":
        return rate
    if not calibration.nested or calibration.folds is None:
        return None
    folds = calibration.folds
    bound = 2 * (rate * (units + 1) + folds - 1) / (units + folds)
    if folds == units:
        bound = min(bound, 2 * rate)
    return min(1.0, bound)


def _statement(scores: TrainingScores, asked: float, rate: float, bound: float | None, units: int) -> str:
    what = f"{units} {'groups' if scores.groups else 'images'}"
    parts = [f"about {percent(rate)} of normal images will be flagged"]
    if rate > asked:
        needed = units_needed(asked)
        parts = [
            f"{percent(asked)} was asked for, but {what} can promise no less than {percent(rate)}, which is used "
            f"({needed - units} more are needed for {percent(asked)})"
        ]
    if bound is None:
        parts.append("simulated, no theorem")
    elif bound <= rate:
        parts.append(f"guaranteed for images like the {what} it was fitted from (conformal)")
    else:
        parts.append(f"guaranteed is only at most {percent(bound)} (cross-conformal, {what})")
    if scores.calibration.reason:
        parts.append(scores.calibration.reason)
    return "; ".join(parts)


def percent(rate: float) -> str:
    """``0.05`` as ``5 %``, ``0.0833`` as ``8.3 %``."""
    return f"{np.format_float_positional(100 * rate, precision=1, trim='-')} %"
