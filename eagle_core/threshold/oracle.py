"""The best threshold in hindsight. It looks at test labels: an upper bound to compare with, never a method."""

from __future__ import annotations

import numpy as np

from eagle_core.errors import FitError


def oracle(test_scores: np.ndarray, test_labels: np.ndarray) -> float:
    """tau that maximises balanced accuracy (largest true minus false positive rate) on the test images.

    Args:
        test_scores: ``(N,) float64``.
        test_labels: ``(N,) bool``, True for defective.

    Raises:
        FitError: One of the two classes is missing.
    """
    if test_labels.all() or not test_labels.any():
        raise FitError("oracle: the test images must hold both normal and defective ones")
    # Imported only for this rule: scikit-learn's import takes a second.
    from sklearn.metrics import roc_curve

    false_positives, true_positives, thresholds = roc_curve(test_labels, test_scores)
    # The first threshold is infinite (nothing predicted anomalous): never better than the best of the others.
    return float(thresholds[1:][(true_positives - false_positives)[1:].argmax()])
