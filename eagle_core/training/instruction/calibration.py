"""P(defect) made honest: one temperature, fitted on validation categories and kept in the weights.

The last norm's scale is divided by it, which divides every logit: no answer changes, only how sure the model is.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from transformers import FastVlmForConditionalGeneration

from eagle_core.evaluation.calibration_error import BINS

LEAST, MOST = 0.2, 5.0
"""Temperatures beyond these say that something else is wrong."""
CERTAIN = 1e-6


def fitted_temperature(p_defect: np.ndarray, is_defective: np.ndarray) -> float:
    """The temperature with the highest likelihood of ``is_defective`` ``(N,) bool`` under ``p_defect`` ``(N,)``."""
    scores = logit(p_defect.clip(CERTAIN, 1 - CERTAIN))
    signs = np.where(is_defective, 1, -1)
    found = minimize_scalar(lambda t: float(np.logaddexp(0, -signs * scores / np.exp(t)).mean()), bounds=tuple(np.log([LEAST, MOST])), method="bounded")
    return float(np.exp(found.x))


def cool(model: FastVlmForConditionalGeneration, temperature: float) -> None:
    """Divide every logit of ``model`` by ``temperature``, in its weights."""
    with torch.no_grad():
        model.model.language_model.norm.weight.div_(temperature)


def cooled(p_defect: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities of two options as they are after ``cool``."""
    return np.asarray(expit(logit(p_defect.clip(CERTAIN, 1 - CERTAIN)) / temperature))


def reliability(p_defect: np.ndarray, is_defective: np.ndarray) -> list[dict[str, float]]:
    """For each filled bin how many images it has, what they were said to be on average, and what they are."""
    bins = np.minimum((p_defect * BINS).astype(int), BINS - 1)
    return [
        {"images": int(at.sum()), "said": float(p_defect[at].mean()), "is": float(is_defective[at].mean())}
        for at in (bins == number for number in range(BINS))
        if at.any()
    ]
