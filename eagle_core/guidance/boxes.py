"""Boxes around the regions that the expert suspects, in pixels of the original image (paper: section 3.2.3).

Two rules. ``tau``: a region counts where its patch scores reach tau, so that an image has a box exactly when
it is predicted anomalous. ``authors``: the rule of the authors' code, which ignores tau and boxes the upper
third of whatever the map holds. Knows nothing of when boxes are shown (``eagle_core.methods`` does).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import ndimage

from eagle_core.errors import DataError
from eagle_core.geometry import ImageGeometry
from eagle_core.records import Box

BoxRule = Literal["tau", "authors"]

EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)
BLUR_SIGMA = 4.0
"""Pixels of the network's input."""
SHARE_OF_MAXIMUM = 2 / 3
LARGEST_COVER = 0.5
SMALLEST_AREA = 0.001
MERGE_IOU = 0.3
MERGE_DISTANCE = 20.0
"""Pixels of the original image."""


def find_boxes(
    patch_scores: np.ndarray, geometry: ImageGeometry, *, tau: float, rule: BoxRule, max_boxes: int
) -> tuple[Box, ...]:
    """The suspected regions of one image, highest score first; ties from the top left.

    Paper: section 3.2.3 names no rule. Differs: the default is anchored at tau; under ``authors`` the map is
    laid on the pixels that it was computed from, not stretched over the whole image.

    Args:
        patch_scores: ``(h, w) float``, finite: the grid over the network's input.
        geometry: Of the original image.
        tau: The category's threshold; unused by ``authors``.
        rule: ``tau`` or ``authors``.
        max_boxes: At most so many.

    Returns:
        Boxes in pixels of the original image; none where no region counts. ``score`` is the highest patch
        score inside (``tau``), or the highest value of the map inside (``authors``).

    Raises:
        DataError: ``patch_scores`` is not a finite, non-empty grid.
    """
    if patch_scores.ndim != 2 or patch_scores.size == 0 or not np.isfinite(patch_scores).all():
        raise DataError(
            f"boxes need a finite (h, w) grid of patch scores, got shape {patch_scores.shape} with "
            f"{np.count_nonzero(~np.isfinite(patch_scores))} non-finite values; score the image again"
        )
    boxes = _at_tau(patch_scores, geometry, tau) if rule == "tau" else _upper_third(patch_scores, geometry)
    return tuple(sorted(boxes, key=lambda box: (-box.score, box.y0, box.x0))[:max_boxes])


def _at_tau(patch_scores: np.ndarray, geometry: ImageGeometry, tau: float) -> list[Box]:
    """One box around each 8-connected region of patches that reach tau."""
    regions, _ = ndimage.label(patch_scores >= tau, structure=EIGHT_NEIGHBOURS)
    grid = (patch_scores.shape[0], patch_scores.shape[1])
    boxes = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(regions), start=1):
        first = geometry.patch_box(rows.start, columns.start, grid)
        last = geometry.patch_box(rows.stop - 1, columns.stop - 1, grid)
        score = patch_scores[regions == number].max()
        boxes.append(Box(first.x0, first.y0, last.x1, last.y1, float(score)))
    return boxes


def _upper_third(patch_scores: np.ndarray, geometry: ImageGeometry) -> list[Box]:
    """The authors' rule: blur, cut at 2/3 of the map's own maximum, drop specks, merge neighbours."""
    blurred = geometry.to_original(_blurred_input_map(patch_scores, geometry))
    inspected = geometry.inspected_mask()
    mask = blurred > SHARE_OF_MAXIMUM * blurred.max()
    if mask[inspected].mean() > LARGEST_COVER:
        mask = (blurred > np.median(blurred[inspected])) & inspected
    regions, _ = ndimage.label(mask, structure=EIGHT_NEIGHBOURS)
    candidates = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(regions), start=1):
        if np.count_nonzero(regions[rows, columns] == number) > SMALLEST_AREA * mask.size:
            peak = float(blurred[rows, columns].max())
            candidates.append(Box(columns.start, rows.start, columns.stop, rows.stop, peak))
    candidates.sort(key=lambda box: (-box.score, box.y0, box.x0))
    sharp = geometry.to_original(patch_scores)
    return [_hull(group, sharp) for group in _groups(candidates)]


def _blurred_input_map(patch_scores: np.ndarray, geometry: ImageGeometry) -> np.ndarray:
    """``(H, W) float32`` of the network's input: bilinear, then a Gaussian, as in the original PatchCore."""
    import torch  # only this rule needs it
    from torch.nn.functional import interpolate

    width, height = geometry.input_size
    scores = torch.from_numpy(np.ascontiguousarray(patch_scores, dtype=np.float32))[None, None]
    upsampled = interpolate(scores, size=(height, width), mode="bilinear", align_corners=False)
    return ndimage.gaussian_filter(upsampled[0, 0].numpy(), sigma=BLUR_SIGMA)


def _groups(boxes: Sequence[Box]) -> list[list[Box]]:
    """Each box, in order, takes along the later ones that overlap or neighbour it; not transitively."""
    groups: list[list[Box]] = []
    left = list(boxes)
    while left:
        base, *others = left
        near = [box for box in others if _belong_together(base, box)]
        groups.append([base, *near])
        left = [box for box in others if box not in near]
    return groups


def _belong_together(a: Box, b: Box) -> bool:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    common = max(0, width) * max(0, height)
    union = _area(a) + _area(b) - common
    distance = np.hypot((a.x0 + a.x1 - b.x0 - b.x1) / 2, (a.y0 + a.y1 - b.y0 - b.y1) / 2)
    return common / union > MERGE_IOU or bool(distance < MERGE_DISTANCE)


def _area(box: Box) -> int:
    return (box.x1 - box.x0) * (box.y1 - box.y0)


def _hull(boxes: Sequence[Box], score_map: np.ndarray) -> Box:
    x0, y0 = min(box.x0 for box in boxes), min(box.y0 for box in boxes)
    x1, y1 = max(box.x1 for box in boxes), max(box.y1 for box in boxes)
    return Box(x0, y0, x1, y1, float(score_map[y0:y1, x0:x1].max()))
