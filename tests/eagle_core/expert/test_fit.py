"""Fitting: what is tracked, what is refused, and that nothing depends on chance or batches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from eagle_core.config import CoresetConfig
from eagle_core.errors import DataError, FitError
from eagle_core.expert.features import iterate_features
from eagle_core.expert.fit import fit_expert
from eagle_core.records import Sample


@pytest.fixture(scope="module")
def features(backbone, samples, config) -> torch.Tensor:
    """``(N, P, D)``, extracted again, in the same batches."""
    return torch.stack(
        [f.patches for f in iterate_features(backbone, samples, config, config.batch_size)]
    )


def test_sizes(expert):
    # 10 images of 8 x 8 patches, a tenth of which is kept.
    assert expert.bank.shape == (64, 240)
    assert expert.sampled.shape == (10, 8, 8)
    assert expert.grid == (8, 8)
    assert expert.sampled.sum() == 64
    assert expert.training_embeddings.shape == (10, 240)
    assert np.isfinite(expert.training_scores.scores).all()


def test_bank_rows_are_the_patches_at_their_tracked_positions(expert, features):
    images, rows, columns = np.argwhere(expert.sampled).T
    assert torch.equal(expert.bank, features.reshape(10, 8, 8, 240)[images, rows, columns])


def test_sampled_and_unsampled_make_up_every_image(expert):
    assert (expert.sampled_per_image() + expert.unsampled_per_image() == 64).all()
    images = np.argwhere(expert.sampled)[:, 0]
    assert np.array_equal(expert.sampled_per_image(), np.bincount(images, minlength=10))


def test_embeddings_are_normalised_means(expert, features):
    means = features.mean(dim=1)
    expected = means / means.norm(dim=1, keepdim=True)
    np.testing.assert_allclose(expert.training_embeddings.numpy(), expected.numpy(), atol=1e-6)


def test_without_projection_the_coreset_is_that_of_the_features(samples, config, features):
    whole = config.model_copy(update={"coreset": CoresetConfig(ratio=0.05, projection_dim=None)})
    fitted = fit_expert(samples, whole, seed=3)
    points = features.flatten(0, 1).double().numpy()
    chosen = [int(np.random.default_rng(3).integers(640))]
    while len(chosen) < 32:
        chosen.append(int(cdist(points, points[chosen]).min(axis=1).argmax()))
    assert sorted(chosen) == np.flatnonzero(fitted.sampled.ravel()).tolist()


def test_same_seed_same_expert_whatever_the_global_generator(expert, samples, config):
    torch.manual_seed(99)
    again = fit_expert(samples, config, seed=0)
    assert torch.equal(again.bank, expert.bank)
    assert np.array_equal(again.sampled, expert.sampled)
    assert np.array_equal(again.training_scores.scores, expert.training_scores.scores)
    other = fit_expert(samples, config, seed=1)
    assert not np.array_equal(other.sampled, expert.sampled)


def test_batch_size_changes_only_noise(expert, samples, config):
    alone = fit_expert(samples, config.model_copy(update={"batch_size": 1}), seed=0)
    assert np.array_equal(alone.sampled, expert.sampled)
    np.testing.assert_allclose(alone.training_scores.scores, expert.training_scores.scores, atol=1e-5)


def test_unreadable_images_are_recorded_and_left_out(expert, samples, config, tmp_path):
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    gone = tmp_path / "gone.png"
    bad = [Sample("tiny", "stripes", p.name, p, "train", is_defective=False) for p in (empty, gone)]
    fitted = fit_expert([bad[0], *samples, bad[1]], config, seed=0)
    assert [f.image_id for f in fitted.failures] == ["empty.png", "gone.png"]
    assert all(f.image_id in f.reason for f in fitted.failures)
    assert fitted.training_image_ids == tuple(s.image_id for s in samples)
    assert torch.allclose(fitted.bank, expert.bank, atol=1e-5)


def test_no_readable_image_is_an_error(config, tmp_path):
    gone = Sample("tiny", "stripes", "gone.png", tmp_path / "gone.png", "train", is_defective=False)
    with pytest.raises(DataError, match=r"no training image of 1 can be read.*gone\.png"):
        fit_expert([gone], config, seed=0)


def test_no_image_is_an_error(config):
    with pytest.raises(DataError, match="there are none"):
        fit_expert([], config, seed=0)


def test_defective_image_is_refused(samples, config):
    with pytest.raises(DataError, match=r"009\.png is labelled defective"):
        fit_expert([*samples[:9], dataclasses.replace(samples[9], is_defective=True)], config, seed=0)


def test_repeated_image_is_refused(samples, config):
    with pytest.raises(DataError, match=r"000\.png appears twice"):
        fit_expert([*samples, samples[0]], config, seed=0)


def test_ratio_below_one_patch_is_refused(samples, config):
    tiny = config.model_copy(update={"coreset": CoresetConfig(ratio=0.001)})
    with pytest.raises(FitError, match=r"coreset\.ratio 0\.001 of 640 patches"):
        fit_expert(samples, tiny, seed=0)


def test_everything_sampled_leaves_nothing_to_score(samples, config):
    fitted = fit_expert(samples, config.model_copy(update={"coreset": CoresetConfig(ratio=1)}), seed=0)
    assert fitted.training_scores.image_ids == ()
    assert fitted.training_scores.excluded == fitted.training_image_ids


def test_progress_reports_every_phase_to_its_end(samples, config):
    calls: dict[str, list[tuple[int, int]]] = {}
    fit_expert(samples, config, seed=0, progress=lambda phase, *at: calls.setdefault(phase, []).append(at))
    assert {phase: at[-1] for phase, at in calls.items()} == {
        "features": (10, 10),
        "coreset": (64, 64),
        "scores": (10, 10),
    }
