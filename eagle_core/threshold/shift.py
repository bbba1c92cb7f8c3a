"""Do the images that are judged still look like those the threshold was fitted on?

The paper names sensitivity to distribution shift as its limit (section 6.1): under another light nearly every normal
image exceeds tau. Defects are small and hardly move the mean of an image's patch features, a change of light moves
it far; so features say whether there is a shift, and scores how far tau has to follow.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.stats import mannwhitneyu

from eagle_core.counted import counted
from eagle_core.errors import DataError
from eagle_core.records import ShiftCheck, Threshold
from eagle_core.threshold.likeness import Likeness

EFFECT = 0.8
"""Seen on the demo: at most 0.66 for defective images under the training light, 1.00 for a brightness of 0.85."""
SIGNIFICANCE = 0.01
QUARTILE = 0.25
"""Of the scores: reached by normal images even where most of a batch is defective."""
FEWEST = 8
"""Images from which tau can be moved."""


def check_shift(
    training_embeddings: np.ndarray,
    embeddings: np.ndarray,
    training_scores: np.ndarray,
    scores: np.ndarray,
    likeness: Likeness | None = None,
) -> ShiftCheck:
    """Compare a batch with the normal training images.

    Args:
        training_embeddings: ``(N, D)``, N >= 2, rows of unit length.
        embeddings: ``(M, D)``, M >= 1, of the batch.
        training_scores: ``(K,)`` anomaly scores of training images, own patches left out.
        scores: ``(M,)`` anomaly scores of the batch.
        likeness: Of the batch compared with that of the images tau was fitted from; None: it is not measured.

    Raises:
        DataError: There is nothing to compare.
    """
    if len(training_embeddings) < 2 or len(embeddings) == 0:
        raise DataError(
            f"a shift check compares at least one image with two training images, got {len(embeddings)} and "
            f"{len(training_embeddings)}"
        )
    similar = np.asarray(training_embeddings @ training_embeddings.T, dtype=np.float64)
    np.fill_diagonal(similar, -np.inf)
    usual = 1 - similar.max(axis=1)
    seen = 1 - np.asarray(embeddings @ training_embeddings.T, dtype=np.float64).max(axis=1)
    test = mannwhitneyu(seen, usual, alternative="greater")
    effect = float(test.statistic) / (len(seen) * len(usual))
    scale = max(1.0, float(np.quantile(scores, QUARTILE) / np.quantile(training_scores, QUARTILE)))
    return ShiftCheck(
        effect=effect,
        p_value=float(test.pvalue),
        score_scale=scale,
        images=len(seen),
        shifted=effect >= EFFECT and float(test.pvalue) < SIGNIFICANCE,
        likeness_before=likeness.before if likeness else None,
        likeness_after=likeness.after if likeness else None,
        likeness_effect=likeness.effect if likeness else None,
        promise_at_risk=likeness is not None and likeness.at_risk,
    )


def with_shift(threshold: Threshold, shift: ShiftCheck, *, adapt: bool) -> Threshold:
    """``threshold`` with the check on record; where the batch is shifted, warned, and moved along if ``adapt``.

    tau, its interval and s_max grow by ``shift.score_scale``. This looks at unlabelled test images, which DBT
    otherwise never does: the method's name says so.
    """
    if shift.promise_at_risk:
        threshold = dataclasses.replace(threshold, warnings=(*threshold.warnings, _promises_too_much(threshold, shift)))
    if not shift.shifted:
        return dataclasses.replace(threshold, shift=shift)
    found = (
        f"the images differ from the training images (a judged image is farther from its nearest training image "
        f"than a training image is in {100 * shift.effect:.0f} % of pairs)"
    )
    if not adapt:
        remedy = "expect false alarms; check light and camera, fit again, or set threshold.adapt: when_shifted"
        return dataclasses.replace(threshold, shift=shift, warnings=(*threshold.warnings, f"{found}: {remedy}"))
    if shift.images < FEWEST:
        few = f"tau was not adapted: {counted(shift.images, 'image is', 'images are')} too few, {FEWEST} are needed"
        return dataclasses.replace(threshold, shift=shift, warnings=(*threshold.warnings, f"{found}; {few}"))
    scale = shift.score_scale
    return dataclasses.replace(
        threshold,
        tau=threshold.tau * scale,
        tau_low=threshold.tau_low * scale,
        tau_high=threshold.tau_high * scale,
        s_max=threshold.s_max * scale,
        tau_warn=None if threshold.tau_warn is None else threshold.tau_warn * scale,
        method=f"{threshold.method}, adapted",
        shift=shift,
        warnings=(*threshold.warnings, f"{found}; tau and s_max were multiplied by {scale:.3g}"),
    )


def _promises_too_much(threshold: Threshold, shift: ShiftCheck) -> str:
    remedy = "put good ones of these images into the training folder or into calibration/"
    if threshold.promise is None or not threshold.promise.grouped:
        remedy += ", or say which training images belong together (datasets.NAME.groups, expert.calibration: grouped)"
    return (
        f"the threshold promises too much: the {counted(shift.images, 'image is', 'images are')} less like their nearest training image (median "
        f"{shift.likeness_after:.2f}) than the images it was fitted from are (median {shift.likeness_before:.2f}), which "
        f"therefore seem to repeat each other; expect more false alarms than promised until then; {remedy}"
    )
