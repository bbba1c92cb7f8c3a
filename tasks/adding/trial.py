"""The expert and threshold of a category as it is, and as it would be with the new images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from eagle_core.evaluation.refit import Judged
from eagle_core.expert.bundle import load_expert
from eagle_core.records import Calibration, Threshold
from tasks.machinery.inputs import category_of
from tasks.machinery.store import Entry
from tasks.stages import expert, threshold
from tasks.stages.kept_features import FeatureCounts, feature_counts
from tasks.stages.predictions import read_predictions


@dataclass(frozen=True, slots=True)
class Fitted:
    """One side of the comparison."""

    images: int
    """Normal images to fit on."""
    calibration: int
    """Normal images kept apart."""
    chosen: Calibration
    """How the images were scored that the threshold is fitted from."""
    threshold: Threshold
    judged: Judged
    """The labelled test images."""
    features: FeatureCounts


def fitted(config: EagleConfig, dataset: str, category: str) -> tuple[Entry, Fitted]:
    """Fit, threshold, judge the test images; what is in the store is taken from there.

    Raises:
        EagleError: The category cannot be fitted, as a run would say.
    """
    made = expert.fit(config, dataset, category)
    known = category_of(config, dataset, category)
    read = expert.score(config, dataset, category, made) if known.test else None
    tau = threshold.read_threshold(threshold.fit(config, dataset, category, made, read))
    scores = {} if read is None else {name: p.score for name, p in read_predictions(read.path).by_image.items()}
    labelled = [s for s in known.test if s.is_defective is not None and s.image_id in scores]
    judged = Judged(
        tuple(s.image_id for s in labelled),
        np.array([bool(s.is_defective) for s in labelled], dtype=bool),
        np.array([scores[s.image_id] for s in labelled]) >= tau.tau,
    )
    counts = FeatureCounts(0, len(known.train)) if made.cached else feature_counts(made)
    chosen = load_expert(made.path).training_scores.calibration
    return made, Fitted(len(known.train), len(known.calibration), chosen, tau, judged, counts)


def fitted_or_why_not(config: EagleConfig, dataset: str, category: str) -> tuple[Entry, Fitted] | str:
    """``fitted``; where the images that are there do not suffice, why."""
    try:
        return fitted(config, dataset, category)
    except EagleError as error:
        return str(error)

