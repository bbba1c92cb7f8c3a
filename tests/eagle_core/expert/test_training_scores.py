"""DBT scores against one independent faiss index per image."""

from __future__ import annotations

import faiss
import numpy as np
import pytest
import torch

from eagle_core.config import ExpertConfig
from eagle_core.expert.training_scores import score_training_images

IMAGES, PATCHES, DIMENSION = 12, 80, 24
IDS = tuple(f"{i:02d}.png" for i in range(IMAGES))


@pytest.fixture(scope="module")
def patches() -> torch.Tensor:
    return torch.randn(IMAGES, PATCHES, DIMENSION, generator=torch.Generator().manual_seed(0)) + 2


@pytest.fixture(scope="module")
def sampled() -> torch.Tensor:
    """A third of the patches; image 3 has none in the bank, image 5 all but ten."""
    mask = torch.rand(IMAGES, PATCHES, generator=torch.Generator().manual_seed(1)) < 0.33
    mask[3] = False
    mask[5] = True
    mask[5, :10] = False
    return mask


def faiss_score(patches, sampled, image, *, leave_out: bool, every_patch: bool) -> float:
    """A new index for this image alone, as in the authors' code."""
    own = np.zeros(IMAGES, dtype=bool)
    own[image] = leave_out
    index = faiss.IndexFlatL2(DIMENSION)
    index.add(patches[~own][sampled[~own]])
    queries = patches[image] if every_patch else patches[image][~sampled[image]]
    return float(index.search(queries, 1)[0].max())


@pytest.mark.parametrize("rule", ["as_printed", "unsampled", "leave_out"])
@pytest.mark.parametrize("distance", ["euclidean", "squared"])
def test_equal_to_a_faiss_index_per_image(patches, sampled, rule, distance):
    config = ExpertConfig(distance=distance, min_unsampled_patches=5)
    scores = score_training_images(patches, sampled, IDS, config, rule)
    assert scores.calibration.rule == rule
    assert scores.image_ids == IDS
    assert scores.excluded == ()
    assert scores.scores.dtype == np.float64
    squared = [
        faiss_score(
            patches.numpy(), sampled.numpy(), i, leave_out=rule != "as_printed", every_patch=rule == "leave_out"
        )
        for i in range(IMAGES)
    ]
    expected = np.sqrt(squared) if distance == "euclidean" else squared
    np.testing.assert_allclose(scores.scores, expected, rtol=1e-5)


def test_images_with_few_unsampled_patches_are_excluded_by_name(patches, sampled):
    scores = score_training_images(patches, sampled, IDS, ExpertConfig(min_unsampled_patches=11), "unsampled")
    assert scores.excluded == ("05.png",)
    assert scores.image_ids == tuple(i for i in IDS if i != "05.png")
    assert len(scores.scores) == IMAGES - 1


def test_as_printed_the_cover_radius_caps_every_score(patches, sampled):
    """Why own patches are left out: the largest score of Algorithm 1 as printed *is* the cover radius."""
    config = ExpertConfig(min_unsampled_patches=1)
    printed = score_training_images(patches, sampled, IDS, config, "as_printed")
    left_out = score_training_images(patches, sampled, IDS, config, "unsampled")
    every = score_training_images(patches, sampled, IDS, config, "leave_out")
    cover = float(torch.cdist(patches.flatten(0, 1).double(), patches[sampled].double()).amin(dim=1).max())
    assert printed.scores.max() == pytest.approx(cover, rel=1e-6)
    assert (left_out.scores >= printed.scores).all()
    assert (every.scores >= left_out.scores).all()


def test_a_bank_of_one_image_can_score_only_the_others(patches):
    sampled = torch.zeros(IMAGES, PATCHES, dtype=torch.bool)
    sampled[7, :40] = True
    scores = score_training_images(patches, sampled, IDS, ExpertConfig(), "unsampled")
    assert scores.excluded == ("07.png",)
    assert np.isfinite(scores.scores).all()
    assert len(scores.scores) == IMAGES - 1
