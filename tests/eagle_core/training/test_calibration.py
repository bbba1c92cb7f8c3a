"""P(defect) made honest: the temperature that is fitted, and how far probabilities lie from what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from eagle_core.evaluation.calibration_error import calibration_error
from eagle_core.training.instruction.calibration import cooled, fitted_temperature, reliability


def test_the_temperature_undoes_what_made_a_model_too_sure() -> None:
    rng = np.random.default_rng(0)
    honest = rng.beta(0.8, 0.8, 4000)
    defective = rng.random(4000) < honest
    sure = expit(2.0 * logit(honest))
    found = fitted_temperature(sure, defective)
    assert found == pytest.approx(2.0, rel=0.1)
    assert calibration_error(cooled(sure, found), defective) < 0.03 < calibration_error(sure, defective)
    diagram = reliability(honest, defective)
    assert sum(part["images"] for part in diagram) == 4000
    # Independent of torchmetrics: the mean gap of the bins, weighted by their images.
    gap = sum(part["images"] * abs(part["said"] - part["is"]) for part in diagram) / 4000
    assert calibration_error(honest, defective) == pytest.approx(gap, abs=2e-3)
