"""How far probabilities lie from what they promise."""

from __future__ import annotations

import numpy as np
import torch
from torchmetrics.functional.classification import binary_calibration_error

BINS = 10


def calibration_error(p_defect: np.ndarray, is_defective: np.ndarray) -> float:
    """Expected calibration error (ECE) of ``p_defect`` ``(N,)`` for ``is_defective`` ``(N,) bool`` over BINS equal bins."""
    return float(binary_calibration_error(torch.from_numpy(p_defect), torch.from_numpy(is_defective.astype(int)), n_bins=BINS))
