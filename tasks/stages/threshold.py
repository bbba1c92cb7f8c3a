"""Stage of DBT: tau and s_max from the normal training scores. Instant; kappa enters here and not before."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError
from eagle_core.records import ExpertPrediction, Threshold
from tasks.machinery.inputs import category_of, limit_threads, store_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions

if TYPE_CHECKING:
    from eagle_core.calibration.effective import EffectiveNumber
    from eagle_core.expert.bank import FittedExpert
    from eagle_core.threshold.likeness import Likeness

VERSION = 5


def fit(config: EagleConfig, dataset: str, category: str, expert: Entry, predictions: Entry | None) -> Entry:
    """Fit the configured rule and compare the test images with the training images.

    Only the rule named ``oracle`` looks at test labels; only ``threshold.adapt`` lets test images move tau.
    """
    oracle = config.threshold.method == "oracle"
    inputs = {
        "expert": expert.key,
        "threshold": config.threshold.model_dump(mode="json"),
        "seed": config.run.seed,
        "predictions": predictions.key if predictions else None,
    }

    def compute(folder: Path) -> None:
        from eagle_core.expert.bundle import load_expert
        from eagle_core.threshold.fit import fit_oracle, fit_threshold
        from eagle_core.threshold.variety import with_variety

        limit_threads(config)
        fitted = load_expert(expert.path)
        scores = fitted.training_scores
        if oracle:
            if predictions is None:
                raise ConfigurationError("threshold.method oracle needs labelled test images: use another rule here")
            read = read_predictions(predictions.path).by_image
            labelled = [s for s in category_of(config, dataset, category).test if s.image_id in read]
            labels = [s.is_defective for s in labelled]
            threshold = fit_oracle(scores, [read[s.image_id].score for s in labelled], labels)
        else:
            threshold = fit_threshold(scores, config.threshold, seed=config.run.seed)
        threshold = with_variety(threshold, variety_of(fitted))
        if predictions is not None:
            threshold = compare(threshold, fitted, list(read_predictions(predictions.path).by_image.values()), config)
        text = json.dumps(dataclasses.asdict(threshold), indent=1, allow_nan=False)
        (folder / "threshold.json").write_text(text, encoding="utf-8")

    return store_of(config).get_or_compute("threshold", VERSION, inputs, compute)


def variety_of(fitted: FittedExpert) -> EffectiveNumber:
    """How many different parts an expert's training images show."""
    from eagle_core.calibration.effective import effective_number

    scores = fitted.training_scores
    group_of = dict(zip(scores.image_ids, scores.groups, strict=False)) if scores.calibration.rule == "grouped" else {}
    groups = [group_of[i] for i in fitted.training_image_ids] if group_of else None
    return effective_number(fitted.likeness.grids.numpy(), fitted.training_image_ids, groups)


def variety_told(config: EagleConfig, expert: Entry) -> str:
    """What the configured rule may promise from the different parts that a fitted expert has seen, in a sentence."""
    from eagle_core.expert.bundle import load_expert
    from eagle_core.threshold.fit import fit_threshold
    from eagle_core.threshold.variety import with_variety

    fitted = load_expert(expert.path)
    return with_variety(fit_threshold(fitted.training_scores, config.threshold, seed=config.run.seed), variety_of(fitted)).variety


def compare(
    threshold: Threshold, fitted: FittedExpert, predictions: Sequence[ExpertPrediction], config: EagleConfig
) -> Threshold:
    """``threshold`` after the shift check of a batch; unchanged where there is nothing to compare."""
    if not predictions or len(fitted.training_image_ids) < 2:
        return threshold
    from eagle_core.threshold.shift import check_shift, with_shift

    shift = check_shift(
        fitted.training_embeddings.numpy(),
        np.stack([p.embedding for p in predictions]),
        fitted.training_scores.scores,
        np.array([p.score for p in predictions]),
        _likeness(fitted, predictions),
    )
    return with_shift(threshold, shift, adapt=config.threshold.adapt == "when_shifted")


def _likeness(fitted: FittedExpert, predictions: Sequence[ExpertPrediction]) -> Likeness | None:
    from eagle_core.threshold.likeness import compare_likeness

    measured = [p.likeness for p in predictions if p.likeness is not None]
    return compare_likeness(fitted.training_likeness, np.array(measured)) if measured else None


def read_threshold(entry: Entry) -> Threshold:
    """The fitted threshold of an entry."""
    text = (entry.path / "threshold.json").read_text(encoding="utf-8")
    return TypeAdapter(Threshold).validate_json(text)
