"""What a guided MLLM changed of the expert's verdicts: wrong ones corrected, right ones spoiled.

Neither paper reports it, though it is what tells an MLLM that adds something from one that copies the expert.
An answer that could not be parsed is a wrong verdict, here as everywhere: it can spoil, not correct.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eagle_core.evaluation.outcomes import Outcomes

GUIDED_METHODS = frozenset({"eagle_no_caas", "eagle", "eagle_echo"})
"""Methods whose MLLM was told the expert's verdict."""


@dataclass(frozen=True, slots=True)
class Flips:
    """Per image; all ``(N,) bool``."""

    expert_right: np.ndarray
    right: np.ndarray

    @property
    def corrected(self) -> np.ndarray:
        return ~self.expert_right & self.right

    @property
    def spoiled(self) -> np.ndarray:
        return self.expert_right & ~self.right


def flips(outcomes: Outcomes) -> Flips | None:
    """None where the expert's verdicts are not known."""
    if outcomes.expert_verdicts is None:
        return None
    return Flips(outcomes.expert_verdicts == outcomes.labels, outcomes.verdicts == outcomes.labels)


def rate(changed: np.ndarray, among: np.ndarray) -> float | None:
    """Share of ``among`` that ``changed``; None where there is none."""
    return float(changed.sum() / among.sum()) if among.any() else None


def rate_replicates(changed: np.ndarray, among: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """``(B,) float64``: the rate in each resample; NaN where a resample has none."""
    total = among[draws].sum(axis=1)
    return np.divide(changed[draws].sum(axis=1), total, out=np.full(len(draws), np.nan), where=total > 0)
