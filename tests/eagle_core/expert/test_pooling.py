"""Patch distances and image scores against anomalib's PatchCore and AnomalyDINO on the same features."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from anomalib.models.image.anomaly_dino.torch_model import AnomalyDINOModel
from anomalib.models.image.patchcore.torch_model import PatchcoreModel

from eagle_core.config import ExpertConfig
from eagle_core.expert.fit import fit_expert
from eagle_core.expert.nearest import SearchBank
from eagle_core.expert.pooling import read_patches
from eagle_core.expert.scoring import predict

IMAGES, PATCHES, DIMENSION = 6, 150, 24


@pytest.fixture
def features() -> tuple[torch.Tensor, torch.Tensor]:
    """A bank and the patches of some images, in distances around 1, where exponents differ."""
    generator = torch.Generator().manual_seed(0)
    bank = torch.randn(400, DIMENSION, generator=generator) / 6
    return bank, torch.randn(IMAGES, PATCHES, DIMENSION, generator=generator) / 5


def test_reweighted_is_anomalibs_patchcore_with_nine_neighbours(features):
    bank, images = features
    theirs = PatchcoreModel(layers=["layer1"], backbone="test_resnet", pre_trained=False, num_neighbors=9)
    theirs.memory_bank = bank
    flat = images.flatten(0, 1)
    scores, locations = theirs.nearest_neighbors(flat, 1)
    shape = (IMAGES, PATCHES)
    expected = theirs.compute_anomaly_score(scores.reshape(shape), locations.reshape(shape), flat)
    config = ExpertConfig(pooling="reweighted")
    ours = [read_patches(SearchBank.of(bank), image, config).score for image in images]
    np.testing.assert_allclose(ours, expected.numpy(), rtol=1e-4)
    plain = [read_patches(SearchBank.of(bank), image, ExpertConfig()).score for image in images]
    assert all(weighted < 0.99 * largest for weighted, largest in zip(ours, plain, strict=True))


@pytest.mark.parametrize("neighbours", [1, 3])
def test_cosine_distance_and_the_highest_hundredth_are_anomaly_dinos(features, neighbours):
    bank, images = (torch.nn.functional.normalize(f, dim=-1) for f in features)
    distances = (1 - images @ bank.T).topk(neighbours, largest=False).values.mean(dim=-1)
    expected = AnomalyDINOModel.mean_top1p(distances)[:, 0]
    config = ExpertConfig(distance="cosine", pooling="top_percent", neighbours=neighbours)
    readings = [read_patches(SearchBank.of(bank), image, config) for image in images]
    np.testing.assert_allclose([r.score for r in readings], expected.numpy(), atol=1e-6)
    np.testing.assert_allclose(readings[0].distances.numpy(), distances[0].numpy(), atol=1e-6)


def test_left_out_rows_do_not_weigh(features):
    bank, images = features
    config = ExpertConfig(pooling="reweighted", neighbours=2)
    fewer = torch.cat([bank[:100], bank[250:]])
    expected = read_patches(SearchBank.of(fewer), images[0], config)
    got = read_patches(SearchBank.of(bank), images[0], config, without=slice(100, 250))
    assert got.score == pytest.approx(expected.score, rel=1e-5)
    torch.testing.assert_close(got.distances, expected.distances)


@pytest.mark.parametrize(
    "changes", [{"distance": "cosine", "pooling": "top_percent"}, {"neighbours": 3, "pooling": "reweighted"}]
)
def test_fit_and_judgement_use_one_measure(backbone, config, samples, changes):
    """A training image scored out of fold is near its score against the bank without it."""
    config = config.model_copy(update={**changes, "calibration": "cross_fitted"})
    expert = fit_expert(samples, config, seed=0)
    scores = [p.score for p in predict(expert, backbone, samples, batch_size=4)]
    assert np.median(expert.training_scores.scores) > np.median(scores)
    assert np.median(scores) / np.median(expert.training_scores.scores) > 0.3
    if changes.get("distance") == "cosine":
        np.testing.assert_allclose(expert.bank.norm(dim=1).numpy(), 1, atol=1e-5)
