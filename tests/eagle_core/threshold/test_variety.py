"""What is said of the number of different parts, and when it is a warning."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.calibration.effective import EffectiveNumber
from eagle_core.config import ThresholdConfig
from eagle_core.records import Calibration, Threshold, TrainingScores
from eagle_core.threshold.fit import fit_threshold
from eagle_core.threshold.variety import with_variety


def fitted(rate: float = 0.05, groups: tuple[str, ...] = (), rule: str = "cross_fitted", method: str = "conformal") -> Threshold:
    scores = np.random.default_rng(0).gamma(2, size=90)
    calibrated = TrainingScores(tuple(map(str, range(90))), scores, groups=groups, calibration=Calibration(rule))  # type: ignore[arg-type]
    return fit_threshold(calibrated, ThresholdConfig(method=method, false_alarm_rate=rate), seed=0)  # type: ignore[arg-type]


def test_ninety_images_of_twelve_parts_are_too_few_for_a_twentieth() -> None:
    """1 / 0.05 - 1 = 19 different parts are needed; 19 - 12.3 is nearly 7."""
    shown = with_variety(fitted(), EffectiveNumber(90, 12.3, "order"))
    assert shown.different_parts == 12.3
    assert shown.variety == (
        "the 90 training images show about 12 different parts (images taken one after another are alike); 5 % takes 19: about 7 more "
        "are needed"
    )
    assert any("may promise too much" in warning and shown.variety in warning for warning in shown.warnings)


def test_enough_parts_are_told_without_a_warning() -> None:
    shown = with_variety(fitted(0.1), EffectiveNumber(90, 12.3, "copies"))
    assert shown.variety.endswith("; 10 % takes 9") and shown.warnings == fitted(0.1).warnings
    every = with_variety(fitted(), EffectiveNumber(90, 90.0, "none"))
    assert every.variety == "the 90 training images show as many different parts; 5 % takes 19"


@pytest.mark.parametrize(("groups", "rule"), [(tuple(str(i // 6) for i in range(90)), "grouped"), ((), "held_out")])
def test_a_promise_that_counts_groups_or_other_images_needs_no_warning(groups: tuple[str, ...], rule: str) -> None:
    before = fitted(0.1, groups, rule)
    assert with_variety(before, EffectiveNumber(90, 5.0, "groups")).warnings == before.warnings


def test_a_rule_that_promises_nothing_is_told_the_number_alone() -> None:
    shown = with_variety(fitted(method="kappa_sigma"), EffectiveNumber(90, 12.3, "copies"))
    assert shown.variety == "the 90 training images show about 12 different parts (some are shots of the same)"
    assert not any("parts" in warning for warning in shown.warnings)
