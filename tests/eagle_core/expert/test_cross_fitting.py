"""Cross-fitted scores against experts that are fitted anew, and what fitting does with groups, held-out and odd images."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from eagle_core.calibration.folds import group_folds, random_folds
from eagle_core.calibration.known_groups import KnownGroups
from eagle_core.config import CoresetConfig, ThresholdConfig
from eagle_core.expert.cross_fitting import cross_fit
from eagle_core.expert.fit import fit_expert
from eagle_core.expert.scoring import predict
from eagle_core.records import Calibration
from eagle_core.threshold.fit import fit_threshold


def asked(config, rule, **more):
    return config.model_copy(update={"calibration": rule, "folds": 3, **more})


def test_a_folds_scores_are_those_of_an_expert_fitted_without_it(samples, config, backbone):
    fitted = fit_expert(samples, asked(config, "cross_fitted"), seed=0)
    folds = random_folds(10, 3, 0)
    for fold in range(3):
        others = [s for s, f in zip(samples, folds, strict=True) if f != fold]
        mine = [s for s, f in zip(samples, folds, strict=True) if f == fold]
        apart = fit_expert(others, config, seed=0)
        expected = [p.score for p in predict(apart, backbone, mine, 4)]
        np.testing.assert_allclose(fitted.training_scores.scores[folds == fold], expected, rtol=1e-4)
    assert fitted.training_scores.calibration == Calibration("cross_fitted", folds=3)


def test_the_deployed_bank_does_not_depend_on_the_calibration(samples, config, expert):
    fitted = fit_expert(samples, asked(config, "cross_fitted"), seed=0)
    assert torch.equal(fitted.bank, expert.bank)


def test_groups_stay_together_and_are_kept_with_the_scores(samples, config, backbone):
    groups = KnownGroups({s.image_id: f"lot {i // 2}" for i, s in enumerate(samples)}, "lot in parts.csv")
    fitted = fit_expert(samples, asked(config, "auto"), seed=0, groups=groups)
    scores = fitted.training_scores
    assert scores.calibration.rule == "grouped"
    assert scores.calibration.reason == "5 groups are known (lot in parts.csv)"
    assert scores.groups == tuple(f"lot {i // 2}" for i in range(10))
    folds = group_folds(scores.groups, 3, 0)
    others, mine = ([s for s, f in zip(samples, folds, strict=True) if (f == 1) == inside] for inside in (False, True))
    apart = fit_expert(others, config, seed=0)
    expected = [p.score for p in predict(apart, backbone, mine, 4)]
    np.testing.assert_allclose(scores.scores[folds == 1], expected, rtol=1e-4)


def test_held_out_images_are_scored_and_not_fitted_on(samples, config, backbone):
    kept = [dataclasses.replace(s, split="calibration") for s in samples[5:]]
    fitted = fit_expert(samples[:5], asked(config, "auto"), seed=0, held_out=kept)
    assert fitted.training_image_ids == tuple(s.image_id for s in samples[:5])
    assert fitted.training_scores.image_ids == tuple(s.image_id for s in kept)
    expected = [p.score for p in predict(fitted, backbone, kept, 4)]
    np.testing.assert_allclose(fitted.training_scores.scores, expected, rtol=1e-6)
    assert fitted.training_scores.calibration.rule == "held_out"
    assert fitted.training_likeness.shape == (5,)


def test_groups_of_held_out_images_count_not_the_images(samples, config):
    kept = [dataclasses.replace(s, split="calibration") for s in samples[4:]]
    lots = KnownGroups({s.image_id: f"lot {i // 2}" for i, s in enumerate(kept)}, "lot in parts.csv")
    fitted = fit_expert(samples[:4], asked(config, "held_out"), seed=0, held_out=kept, held_out_groups=lots)
    promise = fit_threshold(fitted.training_scores, ThresholdConfig(method="conformal", false_alarm_rate=0.05), seed=0).promise
    assert promise is not None and promise.grouped and promise.units == 3
    # 3 groups promise 1 / 4, and split conformal guarantees it; 6 images would have promised 1 / 7.
    assert promise.rate == promise.bound == 0.25
    assert "3 groups can promise no less than 25 %, which is used (16 more are needed for 5 %)" in promise.statement
    # With groups, 3 of them are too few for `auto`.
    chosen = fit_expert(samples[:4], asked(config, "auto"), seed=0, held_out=kept, held_out_groups=lots).training_scores.calibration
    assert chosen.rule == "cross_fitted" and "3 held-out groups of images are too few" in chosen.reason


def test_every_patch_kept_makes_banks_nested(config):
    patches = torch.randn(6, 20, 8, generator=torch.Generator().manual_seed(0))
    whole = config.model_copy(update={"coreset": CoresetConfig(ratio=1)})
    folds = np.arange(6)
    ids = [str(i) for i in range(6)]
    scores = cross_fit(patches, ids, folds, whole, Calibration("cross_fitted"), seed=0)
    assert scores.calibration == Calibration("cross_fitted", folds=6, nested=True)
    for i in range(6):
        others = patches[torch.arange(6) != i].flatten(0, 1).double()
        expected = torch.cdist(patches[i].double(), others).amin(dim=1).max()
        assert scores.scores[i] == pytest.approx(float(expected), rel=1e-5)


def test_likeness_of_a_training_image_to_itself_is_one(samples, expert, backbone):
    assert [p.likeness for p in predict(expert, backbone, samples[:3], 4)] == pytest.approx([1, 1, 1], abs=2e-3)
