"""Pixel metrics against scikit-learn and a brute-force PRO."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from sklearn.metrics import auc, roc_auc_score

from eagle_core.config import PreprocessingConfig
from eagle_core.data.masks import read_masks_of
from eagle_core.errors import DataError
from eagle_core.evaluation.localisation import localisation_metrics
from eagle_core.geometry import ImageGeometry
from eagle_core.records import ExpertPrediction, Sample

STRETCH = PreprocessingConfig(resize=32)


def read_mask(sample: Sample, size: tuple[int, int]) -> np.ndarray:
    return read_masks_of(sample, size).defective


def prediction(image_id: str, scores: np.ndarray, size: tuple[int, int]) -> ExpertPrediction:
    scores = scores.astype(np.float32)
    return ExpertPrediction(image_id, float(scores.max()), scores, size, np.ones(1, dtype=np.float32))


def sample(image_id: str, defective: bool | None, mask: Path | None = None) -> Sample:
    return Sample("d", "c", image_id, Path(image_id), "test", defective, None, mask)


def category(folder: Path, size: tuple[int, int], count: int = 6, offset: float = 0.0):
    """Half normal, half with two rectangular defects each; maps that follow the masks with noise."""
    rng = np.random.default_rng(5)
    width, height = size
    pairs, maps, masks = [], [], []
    for i in range(count):
        mask = np.zeros((height, width), dtype=bool)
        if i % 2:
            for _ in range(2):
                x, y = rng.integers(0, width - 8), rng.integers(0, height - 8)
                mask[y : y + rng.integers(3, 8), x : x + rng.integers(3, 8)] = True
        coarse = (
            np.asarray(Image.fromarray(mask.astype(np.uint8) * 255).resize((8, 8), Image.Resampling.BOX))
            / 255
        )
        scores = coarse + 0.3 * rng.random((8, 8)) + offset
        path = folder / f"{i}.png"
        Image.fromarray(mask.astype(np.uint8) * 255).save(path)
        made = prediction(f"{i}", scores, size)
        pairs.append((made, sample(f"{i}", bool(i % 2), path if i % 2 else None)))
        maps.append(ImageGeometry.of(size, STRETCH).to_original(made.patch_scores))
        masks.append(mask)
    return pairs, np.stack(maps), np.stack(masks)


def brute_force_aupro(maps: np.ndarray, masks: np.ndarray, limit: float) -> float:
    """Mean overlap over regions at every threshold, against the false-positive rate, integrated up to ``limit``."""
    regions = []
    for scores, mask in zip(maps, masks, strict=True):
        labelled, count = ndimage.label(mask, structure=np.ones((3, 3)))
        regions += [scores[labelled == k] for k in range(1, count + 1)]
    background = maps[~masks]
    rates, overlaps = [0.0], [0.0]
    for threshold in np.unique(maps)[::-1]:
        rates.append(float((background >= threshold).mean()))
        overlaps.append(float(np.mean([(region >= threshold).mean() for region in regions])))
    rates, overlaps = np.array(rates), np.array(overlaps)
    at_limit = np.interp(limit, rates, overlaps)
    below = rates < limit
    return auc(np.append(rates[below], limit), np.append(overlaps[below], at_limit)) / limit


@pytest.mark.parametrize("size", [(40, 40), (60, 30), (30, 50)])
@pytest.mark.parametrize("offset", [0.0, 25.0])  # distances far above 1 must not be squashed
def test_pixel_metrics_equal_independent_computations(tmp_path, size, offset):
    pairs, maps, masks = category(tmp_path, size, offset=offset)
    metrics = localisation_metrics(pairs, STRETCH, read_mask)
    assert metrics["pixel_auroc"] == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()), abs=1e-12)
    assert metrics["aupro_fpr30"] == pytest.approx(brute_force_aupro(maps, masks, 0.3), abs=1e-5)
    assert 0.5 < metrics["aupro_fpr30"] < 1
    assert metrics["pixel_images"] == 6 and metrics["pixel_share"] == 1.0


def test_a_bound_on_memory_picks_pixels_and_says_how_many(tmp_path):
    pairs, maps, masks = category(tmp_path, (60, 60), count=12)
    full = localisation_metrics(pairs, STRETCH, read_mask)
    bounded = localisation_metrics(pairs, STRETCH, read_mask, max_pixels=12 * 30 * 30)
    assert bounded["pixel_share"] == 0.25
    picked = np.ix_(
        range(12), range(1, 60, 2), range(1, 60, 2)
    )  # cell centres of a 30 grid over 60: 1, 3, 5…
    assert bounded["pixel_auroc"] == pytest.approx(
        roc_auc_score(masks[picked].ravel(), maps[picked].ravel()), abs=1e-12
    )
    assert bounded["pixel_auroc"] == pytest.approx(full["pixel_auroc"], abs=0.03)


def test_images_of_different_sizes_share_the_smallest_grid(tmp_path):
    small, _, _ = category(tmp_path, (40, 30))
    (tmp_path / "large").mkdir()
    large, _, _ = category(tmp_path / "large", (80, 60))
    metrics = localisation_metrics([*small, *large], STRETCH, read_mask)
    assert metrics["pixel_images"] == 12 and metrics["pixel_share"] == 1.0
    assert 0.5 < metrics["pixel_auroc"] < 1


def test_without_a_defective_pixel_there_is_no_value(tmp_path):
    scores = np.arange(16.0).reshape(4, 4)
    normal = (prediction("n", scores, (20, 20)), sample("n", False))
    unmasked = (prediction("u", scores, (20, 20)), sample("u", True))
    unlabelled = (prediction("x", scores, (20, 20)), sample("x", None))
    metrics = localisation_metrics([normal, unmasked, unlabelled], STRETCH, read_mask)
    assert metrics["pixel_auroc"] is None and metrics["aupro_fpr30"] is None
    assert metrics["pixel_images"] == 1 and metrics["pixel_images_left_out"] == 1
    assert localisation_metrics([], STRETCH, read_mask)["pixel_auroc"] is None


def test_what_is_not_finite_or_does_not_fit_is_refused(tmp_path):
    path = tmp_path / "m.png"
    Image.fromarray(np.full((20, 20), 255, dtype=np.uint8)).save(path)
    with pytest.raises(DataError, match="not finite"):
        localisation_metrics(
            [(prediction("n", np.full((4, 4), np.nan), (20, 20)), sample("n", False))], STRETCH, read_mask
        )
    with pytest.raises(DataError, match="20x20"):
        localisation_metrics([(prediction("d", np.eye(4), (30, 20)), sample("d", True, path))], STRETCH, read_mask)


def test_iou_and_false_pixels_at_a_threshold(tmp_path):
    """Recomputed on the whole maps: the overlap of all pixels at or above tau with the masks."""
    pairs, maps, masks = category(tmp_path, (40, 30))
    tau = float(np.quantile(maps, 0.9))
    metrics = localisation_metrics(pairs, STRETCH, read_mask, tau=tau)
    marked = maps >= tau
    assert metrics["pixel_iou"] == pytest.approx((marked & masks).sum() / (marked | masks).sum())
    normal = [i for i, (_, s) in enumerate(pairs) if s.is_defective is False]
    expected = marked[normal].mean() if normal else None
    assert metrics["false_pixel_rate"] == (pytest.approx(expected) if normal else None)
    assert localisation_metrics(pairs, STRETCH, read_mask)["pixel_iou"] is None
