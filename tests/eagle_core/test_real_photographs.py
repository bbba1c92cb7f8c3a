"""Real photographs, read once for all of this: AUROC near what was published, false alarms near their target, Echo's memory."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from eagle_core.config import ThresholdConfig
from eagle_core.geometry import ImageGeometry
from eagle_core.retrieval.memory import ImageMemory, MemoryEntry, recall_at_one
from eagle_core.threshold.fit import fit_threshold

pytestmark = pytest.mark.real_data

# Image and pixel AUROC stated with the data, for these weights at 256 x 256 and a 1 % coreset.
STATED = {"screw": (0.954, 0.989), "cookie": (0.973, 0.962)}
EVERY = 4
"""Pixels are compared on every fourth row and column."""


def test_image_auroc_is_what_the_data_states(reading):
    stated, _ = STATED[reading.samples[0].category]
    assert roc_auc_score(reading.defective, reading.scores) > stated - 0.02


def test_pixel_auroc_of_the_inverse_geometry(reading):
    """Maps without blur against masks in the original image's pixels; 768 x 576 for the cookies."""
    _, stated = STATED[reading.samples[0].category]
    truths, maps = [], []
    for sample, prediction in zip(reading.samples, reading.predictions, strict=True):
        geometry = ImageGeometry.of(prediction.image_size, reading.expert.config.preprocessing)
        anomaly_map = geometry.to_original(prediction.patch_scores)[::EVERY, ::EVERY]
        if sample.is_defective:
            assert sample.mask_path is not None
            mask = np.asarray(Image.open(sample.mask_path).convert("L")) > 0
            assert mask.shape == prediction.image_size[::-1]
            truths.append(mask[::EVERY, ::EVERY].ravel())
        else:
            truths.append(np.zeros(anomaly_map.size, dtype=bool))
        maps.append(anomaly_map.ravel())
    assert roc_auc_score(np.concatenate(truths), np.concatenate(maps)) > stated - 0.03


@pytest.mark.parametrize("rule", ["kappa_sigma", "mad", "quantile", "conformal", "gev"])
def test_false_alarms_on_fresh_normal_images(reading, rule, record_property):
    """Thresholds from normal training images; at a target of 5 % within three standard errors of it."""
    config = ThresholdConfig(method=rule, false_alarm_rate=0.05, bootstrap_samples=20)
    threshold = fit_threshold(reading.expert.training_scores, config, seed=0)
    normal = reading.scores[~reading.defective]
    rate = float((normal >= threshold.tau).mean())
    record_property("false_alarm_rate", rate)
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(normal))
    assert (reading.scores[reading.defective] >= threshold.tau).mean() > rate + 0.3


@pytest.mark.parametrize("exact_below", [1, 10_000], ids=["HNSW", "exact"])
def test_the_nearest_normal_image_is_found(reading, exact_below):
    """Echo's memory: the graph finds the image that exact search finds."""
    stored = reading.expert.training_embeddings.numpy()
    queries = np.stack([p.embedding for p in reading.predictions])
    memory = ImageMemory.build(
        [MemoryEntry(name, "own") for name in reading.expert.training_image_ids], stored, exact_below=exact_below
    )
    assert memory.exact is (exact_below > 1)
    assert recall_at_one(memory, stored, queries) >= (1.0 if memory.exact else 0.99)
