"""Image-level metrics. Values come from scikit-learn, resampled values from torchmetrics and SciPy, row by row.

Accuracy is ordinary accuracy; the papers' "accuracy" is ``balanced_accuracy``, (TPR + TNR) / 2 (see the errata
of Table 1). A metric that the labels or verdicts leave undefined is None, never 0 or NaN: balanced accuracy,
recall and AUROC of a category without normal or without defective images, precision without a positive verdict.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from cachetools import LRUCache, cached
from scipy.stats import mannwhitneyu
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)


@dataclass(frozen=True, slots=True)
class VerdictMetric:
    """A metric of verdicts ``(N,) bool`` against labels ``(N,) bool``."""

    name: str
    value: Callable[[np.ndarray, np.ndarray], float]
    """(labels, verdicts) -> value, NaN where undefined."""
    rows: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    """(verdicts, labels), both ``(B, N) int64`` -> ``(B,) float32``, NaN where undefined."""
    needs_normal: bool = False
    needs_defective: bool = False

    def point(self, labels: np.ndarray, verdicts: np.ndarray) -> float | None:
        """The metric, or None where it is undefined."""
        if self._undefined(labels):
            return None
        value = _value(self, labels.astype(bool).tobytes(), verdicts.astype(bool).tobytes())
        return None if np.isnan(value) else value

    def replicates(self, labels: np.ndarray, verdicts: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """``(B,) float64``: the metric of each resample; NaN where undefined.

        Args:
            labels: ``(N,) bool``, the same in every resample.
            verdicts: ``(N,) bool``.
            draws: ``(B, N)`` positions, stratified by label.
        """
        if self._undefined(labels):
            return np.full(len(draws), np.nan)
        drawn = torch.from_numpy(verdicts[draws].astype(np.int64))
        target = torch.from_numpy(labels.astype(np.int64)).expand(len(draws), -1)
        return self.rows(drawn, target).numpy().astype(np.float64)

    def _undefined(self, labels: np.ndarray) -> bool:
        lacks_normal = self.needs_normal and bool(labels.all())
        lacks_defective = self.needs_defective and not labels.any()
        return len(labels) == 0 or lacks_normal or lacks_defective


@cached(LRUCache(4096), lock=threading.Lock())
def _value(metric: VerdictMetric, labels: bytes, verdicts: bytes) -> float:
    """Asked for again and again: of a method while the run goes on and at its end, and in each comparison with another."""
    return float(metric.value(np.frombuffer(labels, dtype=bool), np.frombuffer(verdicts, dtype=bool)))


def _false_alarm_rate(labels: np.ndarray, verdicts: np.ndarray) -> float:
    return 1 - recall_score(labels, verdicts, pos_label=False)


def _rows(function: str, **options: float) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """A metric of torchmetrics for every row at once. Imported when it is computed: the import takes seconds."""

    def rows(verdicts: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        from torchmetrics.functional import classification

        metric = getattr(classification, function)
        values: torch.Tensor = metric(verdicts, labels, multidim_average="samplewise", validate_args=False, **options)
        return values

    return rows


RECALL, SPECIFICITY = _rows("binary_recall"), _rows("binary_specificity")
VERDICT_METRICS = (
    VerdictMetric("accuracy", accuracy_score, _rows("binary_accuracy")),
    VerdictMetric(
        "balanced_accuracy",
        balanced_accuracy_score,
        lambda v, t: (RECALL(v, t) + SPECIFICITY(v, t)) / 2,
        needs_normal=True,
        needs_defective=True,
    ),
    VerdictMetric(
        "precision",
        lambda t, v: precision_score(t, v, zero_division=np.nan),
        _rows("binary_precision", zero_division=float("nan")),
    ),
    VerdictMetric("recall", recall_score, RECALL, needs_defective=True),
    VerdictMetric(
        "f1",
        lambda t, v: f1_score(t, v, zero_division=np.nan),
        _rows("binary_f1_score", zero_division=float("nan")),
    ),
    VerdictMetric("false_alarm_rate", _false_alarm_rate, lambda v, t: 1 - SPECIFICITY(v, t), needs_normal=True),
)


def auroc(labels: np.ndarray, scores: np.ndarray) -> float | None:
    """Area under the ROC curve of ``scores`` ``(M,) float64``; None without both classes."""
    return float(roc_auc_score(labels, scores)) if _has_both(labels) else None


def auroc_replicates(labels: np.ndarray, scores: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """``(B,) float64``: AUROC of each resample, as U / (n1 n0) of the Mann-Whitney test; NaN without both classes.

    Args:
        labels: ``(M,) bool``, the same in every resample.
        scores: ``(M,) float64``.
        draws: ``(B, M)`` positions, stratified by label.
    """
    if not _has_both(labels):
        return np.full(len(draws), np.nan)
    drawn = scores[draws]
    defective, normal = drawn[:, labels], drawn[:, ~labels]
    wins = mannwhitneyu(defective, normal, axis=1, method="asymptotic").statistic
    return wins / (defective.shape[1] * normal.shape[1])


def _has_both(labels: np.ndarray) -> bool:
    """Normal and defective images."""
    return bool(labels.any() and not labels.all())
