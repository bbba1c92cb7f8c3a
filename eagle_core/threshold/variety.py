"""How many different parts the training images show, beside what a threshold promises from them; and how many are missing."""

from __future__ import annotations

import dataclasses
from math import ceil

from eagle_core.calibration.effective import EffectiveNumber, Repeats
from eagle_core.counted import counted
from eagle_core.records import Promise, Threshold
from eagle_core.threshold.conformal import units_needed
from eagle_core.threshold.promise import percent

_HOW: dict[Repeats, str] = {
    "groups": "images of one group are alike",
    "order": "images taken one after another are alike",
    "copies": "some are shots of the same",
    "none": "",
}


def with_variety(threshold: Threshold, effective: EffectiveNumber) -> Threshold:
    """``threshold`` with its training images' effective number, and warned where that is too small for what it promises.

    A promise that counts groups or held-out images already counts what it rests on: there the number is only told.
    """
    promise = threshold.promise
    said, missing = _counted(effective), _missing(effective, promise)
    if promise is not None:
        said += f"; {percent(promise.asked)} takes {units_needed(promise.asked)}"
        said += f": about {missing} more are needed" if missing else ""
    counts_itself = promise is None or promise.grouped or promise.calibration == "held_out"
    warnings = threshold.warnings
    if missing and not counts_itself and effective.images >= units_needed(promise.asked if promise else 1.0):
        warnings = (
            *warnings,
            f"the training images repeat each other, so the threshold may promise too much: {said}; photograph more parts, or "
            "say which images belong together (datasets.NAME.groups)",
        )
    return dataclasses.replace(threshold, different_parts=effective.parts, variety=said, warnings=warnings)


def _counted(effective: EffectiveNumber) -> str:
    parts = max(1, round(effective.parts))
    if parts == effective.images:
        return f"the {counted(effective.images, 'training image shows', 'training images show')} as many different parts"
    return f"the {counted(effective.images, 'training image shows', 'training images show')} about {counted(parts, 'different part')} ({_HOW[effective.repeats]})"


def _missing(effective: EffectiveNumber, promise: Promise | None) -> int:
    """Different parts that the asked rate takes beyond those there are."""
    return 0 if promise is None else max(0, ceil(units_needed(promise.asked) - effective.parts))
