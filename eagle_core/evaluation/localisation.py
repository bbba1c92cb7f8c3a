"""Pixel AUROC and PRO of the expert's maps against the masks, on the original images' pixels.

Every map is laid on its image by the exact inverse of the preprocessing; what the network did not see (outside
a centre crop) scores 0 there, as the lowest possible. Pixel AUROC is the Mann-Whitney
statistic, PRO is anomalib's AUPRO up to a false-positive rate of 0.3, which is scaled to 0..1.

Memory is bounded: a category with more than ``MAX_PIXELS`` pixels is measured on a regular grid of them, the same
for map and mask. Pixels are picked, never averaged, so that both stay what they are. anomalib needs images of one
size; where a category mixes sizes, the grid of the smallest is laid over each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from eagle_core.config import PreprocessingConfig
from eagle_core.errors import DataError
from eagle_core.geometry import ImageGeometry
from eagle_core.records import ExpertPrediction, Sample

MAX_PIXELS = 8_000_000
"""anomalib's AUPRO needs about 80 bytes for each. Below 2^24, so that its float32 counts are exact. On 160 images
of MVTec's screw, 8 of 42 million pixels changed pixel AUROC by 1e-5 and PRO by 2e-4 (4 million: 1e-4, 5e-3)."""
FALSE_POSITIVE_LIMIT = 0.3
ReadMask = Callable[[Sample, tuple[int, int]], np.ndarray]
"""A defective image's mask, ``(H, W) bool``, of the (width, height) that is given: images are read above evaluation."""


def localisation_metrics(
    pairs: Sequence[tuple[ExpertPrediction, Sample]],
    preprocessing: PreprocessingConfig,
    read_mask: ReadMask,
    max_pixels: int = MAX_PIXELS,
    tau: float | None = None,
) -> dict[str, float | None]:
    """Pixel metrics of one category by name.

    Args:
        pairs: Predictions of test images. Normal images count with an empty mask; defective ones without a
            mask, and unlabelled ones, are left out.
        preprocessing: With which the predictions were made.
        read_mask: Reads the mask of a defective image that has one.
        max_pixels: Of map and mask held at once.
        tau: From where on a pixel counts as defective.

    Returns:
        ``pixel_auroc`` and ``aupro_fpr30``, None where no picked pixel is defective or none is normal;
        ``pixel_iou``: of all pixels at or above tau with the masks, and ``false_pixel_rate``: mean share of a normal
        image's pixels there, None without tau; ``pixel_images``: images measured; ``pixel_images_left_out``: defective ones without a mask;
        ``pixel_share``: share of the pixels of the smallest image that were picked, 1.0 for all.

    Raises:
        DataError: A mask cannot be read or has another size than its image, or a map is not finite.
    """
    measured = [
        (p, s) for p, s in pairs if s.is_defective is False or (s.is_defective and s.mask_path is not None)
    ]
    left_out = sum(bool(s.is_defective) and s.mask_path is None for _, s in pairs)
    metrics: dict[str, float | None] = {
        "pixel_auroc": None,
        "aupro_fpr30": None,
        "pixel_iou": None,
        "false_pixel_rate": None,
        "pixel_images": float(len(measured)),
        "pixel_images_left_out": float(left_out),
        "pixel_share": None,
    }
    if not measured:
        return metrics
    smallest = tuple(min(p.image_size[axis] for p, _ in measured) for axis in (0, 1))
    width, height = _grid((smallest[0], smallest[1]), len(measured), max_pixels)
    maps = np.empty((len(measured), height, width), dtype=np.float32)
    masks = np.zeros((len(measured), height, width), dtype=bool)
    for i, (prediction, sample) in enumerate(measured):
        maps[i] = _picked(_map(prediction, preprocessing), width, height)
        if sample.is_defective and sample.mask_path is not None:
            masks[i] = _picked(read_mask(sample, prediction.image_size), width, height)
    metrics["pixel_share"] = width * height / (smallest[0] * smallest[1])
    if masks.any() and not masks.all():
        metrics["pixel_auroc"] = _auroc(maps, masks)
        metrics["aupro_fpr30"] = _aupro(maps, masks)
    if tau is not None:
        marked, normal = maps >= tau, np.array([s.is_defective is False for _, s in measured])
        metrics["false_pixel_rate"] = float(marked[normal].mean()) if normal.any() else None
        metrics["pixel_iou"] = float((marked & masks).sum() / (marked | masks).sum()) if masks.any() else None
    return metrics


def _map(prediction: ExpertPrediction, preprocessing: PreprocessingConfig) -> np.ndarray:
    if not np.isfinite(prediction.patch_scores).all():
        raise DataError(f"{prediction.image_id}: the anomaly map is not finite; score the image again")
    return ImageGeometry.of(prediction.image_size, preprocessing).to_original(prediction.patch_scores)


def _grid(size: tuple[int, int], images: int, max_pixels: int) -> tuple[int, int]:
    """(width, height) of the grid: the image's own, or as much smaller as the bound demands."""
    shrink = min(1.0, (max_pixels / (images * size[0] * size[1])) ** 0.5)
    return max(1, int(size[0] * shrink)), max(1, int(size[1] * shrink))


def _picked(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """The pixels under the cell centres of a ``height`` x ``width`` grid; all of them where it is the image's own."""
    rows = ((np.arange(height) + 0.5) * pixels.shape[0] / height).astype(np.int64)
    columns = ((np.arange(width) + 0.5) * pixels.shape[1] / width).astype(np.int64)
    return pixels[np.ix_(rows, columns)]


def _auroc(maps: np.ndarray, masks: np.ndarray) -> float:
    """Share of pairs of a defective and a normal pixel in which the defective one scores higher; equal scores count half.

    Equals scikit-learn's roc_auc_score and takes a twentieth of its time, as only the scores themselves are sorted.
    """
    defective, normal = maps[masks], np.sort(maps[~masks])
    below, not_above = (np.searchsorted(normal, defective, side=side).mean() for side in ("left", "right"))
    return float((below + not_above) / 2 / len(normal))


class _Batch(NamedTuple):
    """The two fields that AUPRO reads; anomalib's own ``ImageBatch`` would want the images too."""

    anomaly_map: torch.Tensor
    gt_mask: torch.Tensor


def _aupro(maps: np.ndarray, masks: np.ndarray) -> float:
    # Imported when maps are measured: anomalib brings lightning, torchmetrics and matplotlib, which takes seconds.
    from anomalib.metrics import AUPRO

    metric = AUPRO(fields=_Batch._fields, fpr_limit=FALSE_POSITIVE_LIMIT)
    batch = _Batch(torch.from_numpy(maps), torch.from_numpy(masks.astype(np.uint8)))
    metric.update(batch)  # type: ignore[arg-type]  # it reads its fields by name
    return float(metric.compute())
