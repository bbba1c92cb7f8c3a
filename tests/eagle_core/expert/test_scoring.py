"""Predictions: exact values, order, failures, and independence of the batch size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from eagle_core.errors import WeightsError
from eagle_core.expert.features import iterate_features
from eagle_core.expert.scoring import predict
from eagle_core.records import ExpertPrediction, Failure, Sample


@pytest.fixture(scope="module")
def test_samples(samples, tmp_path_factory) -> list[Sample]:
    """Three training images and two with a dark square, one of them portrait."""
    folder = tmp_path_factory.mktemp("test")
    made = []
    for index, source in enumerate(samples[:2]):
        image = Image.open(source.image_path)
        image.paste((0, 0, 0), (30, 20, 50, 40))
        image = image.rotate(90, expand=True) if index else image
        image.save(folder / f"defect{index}.png")
        path = folder / f"defect{index}.png"
        made.append(Sample("tiny", "stripes", path.name, path, "test", is_defective=True))
    return [samples[2], made[0], samples[3], made[1], samples[4]]


def test_patch_scores_are_distances_to_the_bank(expert, backbone, test_samples):
    read = list(predict(expert, backbone, test_samples, 4))
    features = iterate_features(backbone, test_samples, expert.config, 4)
    for prediction, feature in zip(read, features, strict=True):
        distances = torch.cdist(feature.patches.double(), expert.bank.double()).amin(dim=1).reshape(8, 8)
        np.testing.assert_allclose(prediction.patch_scores, distances.numpy(), rtol=1e-5, atol=1e-3)
        assert prediction.patch_scores.dtype == np.float32
        assert prediction.score == prediction.patch_scores.max()
        assert np.linalg.norm(prediction.embedding) == pytest.approx(1, abs=1e-5)


def test_order_sizes_and_that_defects_stand_out(expert, backbone, test_samples):
    read = list(predict(expert, backbone, test_samples, 2))
    assert [p.image_id for p in read] == [s.image_id for s in test_samples]
    assert [p.image_size for p in read] == [(90, 70), (90, 70), (90, 70), (70, 90), (90, 70)]
    scores = [p.score for p in read]
    assert min(scores[1], scores[3]) > max(scores[0], scores[2], scores[4])


def test_own_bank_patches_score_zero(expert, backbone, samples):
    """In the batches of the fit, features are the same to the bit, and so the distance is exactly 0."""
    read = predict(expert, backbone, samples, expert.config.batch_size)
    for index, prediction in enumerate(read):
        assert not prediction.patch_scores[expert.sampled[index]].any()


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_batch_size_changes_only_noise(expert, backbone, test_samples, batch_size):
    reference = list(predict(expert, backbone, test_samples, 4))
    other = list(predict(expert, backbone, test_samples, batch_size))
    tau = float(np.mean([p.score for p in reference]))
    for one, two in zip(reference, other, strict=True):
        np.testing.assert_allclose(one.patch_scores, two.patch_scores, atol=1e-5)
        assert (one.score >= tau) == (two.score >= tau)


def test_squared_is_the_square(expert, backbone, test_samples):
    squared = dataclasses.replace(expert, config=expert.config.model_copy(update={"distance": "squared"}))
    pairs = zip(predict(expert, backbone, test_samples, 4), predict(squared, backbone, test_samples, 4), strict=True)
    for euclidean, other in pairs:
        np.testing.assert_allclose(other.patch_scores, euclidean.patch_scores**2, rtol=1e-6)
        assert other.score == other.patch_scores.max()


def test_unreadable_image_is_a_failure_in_its_place(expert, backbone, test_samples, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(test_samples[0].image_path.read_bytes()[:500])
    sample = Sample("tiny", "stripes", broken.name, broken, "test", is_defective=None)
    calls = []
    read = list(
        predict(expert, backbone, [test_samples[0], sample, test_samples[1]], 2, lambda *at: calls.append(at))
    )
    assert [type(r) for r in read] == [ExpertPrediction, Failure, ExpertPrediction]
    assert read[1].image_id == "broken.png"
    assert "broken.png" in read[1].reason
    assert calls == [("predict", 1, 3), ("predict", 2, 3), ("predict", 3, 3)]


def test_another_backbone_is_refused_before_anything_is_read(expert, backbone):
    other = dataclasses.replace(backbone, fingerprint="0" * 64)
    with pytest.raises(WeightsError, match="another backbone"):
        predict(expert, other, [], 4)
