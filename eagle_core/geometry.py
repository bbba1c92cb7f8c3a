"""Preprocessing and its exact inverse: pixels of the original image, of the network's input, and patches.

All coordinates are continuous, with the origin at the outer corner of the first pixel, so that the centre of
pixel x is x + 0.5 (what PIL and torch's ``align_corners=False`` use). A patch is one cell of a regular grid
over the network's input; that the receptive field of a convolution is larger, and not quite centred on its
cell, is not modelled. Knows nothing of features or scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from eagle_core.config import PreprocessingConfig
from eagle_core.errors import DataError


class PixelRectangle(NamedTuple):
    """Half-open rectangle in pixels of the original image: columns x0..x1-1, rows y0..y1-1; never empty."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True)
class ImageGeometry:
    """How one image of a given size is resized and cropped, and the way back. Sizes are (width, height)."""

    image_size: tuple[int, int]
    resized_size: tuple[int, int]
    crop_origin: tuple[int, int]
    """(left, top) of the crop in the resized image; (0, 0) without a crop."""
    input_size: tuple[int, int]
    """(width, height) of the tensor fed to the backbone."""

    @classmethod
    def of(cls, image_size: tuple[int, int], config: PreprocessingConfig) -> ImageGeometry:
        """Geometry of an image of ``image_size`` (width, height) under ``config``.

        Raises:
            DataError: A side is not positive.
        """
        width, height = image_size
        if width < 1 or height < 1:
            raise DataError(f"an image must have at least one pixel, got width x height = {width} x {height}")
        if config.fit == "stretch":
            resized = config.resized_size
        else:
            side = min(config.resized_size)
            scale = side / min(width, height)
            resized = (max(side, round(width * scale)), max(side, round(height * scale)))
        if config.center_crop is None:
            return cls(image_size, resized, (0, 0), resized)
        crop = config.center_crop
        origin = ((resized[0] - crop) // 2, (resized[1] - crop) // 2)
        return cls(image_size, resized, origin, (crop, crop))

    def to_original(self, patch_scores: np.ndarray) -> np.ndarray:
        """Anomaly map on the original image's pixels, bilinear between patch centres.

        Args:
            patch_scores: ``(h, w) float32``, the grid over the whole network input.

        Returns:
            ``(H, W) float32`` of the original image. Pixels outside the crop were never seen: they are 0
            there and False in ``inspected_mask``; the map is never stretched over them.
        """
        import torch  # sizes and boxes need none of it
        from torch.nn.functional import grid_sample

        scores = torch.from_numpy(np.ascontiguousarray(patch_scores, dtype=np.float32))
        # grid_sample's -1..1 span the input from outer edge to outer edge.
        x = torch.from_numpy(self._input_fractions(axis=0) * 2 - 1)
        y = torch.from_numpy(self._input_fractions(axis=1) * 2 - 1)
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).float()
        sampled = grid_sample(
            scores[None, None], grid[None], mode="bilinear", padding_mode="border", align_corners=False
        )[0, 0].numpy()
        return np.where(self.inspected_mask(), sampled, np.float32(0))

    def inspected_mask(self) -> np.ndarray:
        """``(H, W) bool``: pixels of the original image that the network saw; all True without a crop."""
        width, height = self.image_size
        mask = np.zeros((height, width), dtype=bool)
        seen = self.box_to_original((0, 0, *self.input_size))
        mask[seen.y0 : seen.y1, seen.x0 : seen.x1] = True
        return mask

    @property
    def covered_fraction(self) -> float:
        """Share of the original image's pixels that the network sees; 1.0 without a crop."""
        seen = self.box_to_original((0, 0, *self.input_size))
        return (seen.x1 - seen.x0) * (seen.y1 - seen.y0) / (self.image_size[0] * self.image_size[1])

    def patch_box(self, row: int, column: int, grid: tuple[int, int]) -> PixelRectangle:
        """Pixels of the original image under one patch.

        Args:
            row: 0-based, from the top.
            column: 0-based, from the left.
            grid: (h, w) of the patch grid. Neighbouring patches share an edge: where a patch is at least a
                pixel wide, the boxes of all patches tile the inspected pixels without gap or overlap.
        """
        rows, columns = grid
        width, height = self.input_size
        return self.box_to_original(
            (column * width / columns, row * height / rows, (column + 1) * width / columns, (row + 1) * height / rows)
        )

    def box_to_original(self, box: tuple[float, float, float, float]) -> PixelRectangle:
        """Pixels of the original image whose centres lie in a rectangle of the network's input.

        Args:
            box: (x0, y0, x1, y1) in pixels of the input. Smaller than a pixel: the pixel at its centre.
        """
        x0, x1 = self._pixel_range(box[0], box[2], axis=0)
        y0, y1 = self._pixel_range(box[1], box[3], axis=1)
        return PixelRectangle(x0, y0, x1, y1)

    def _pixel_range(self, start: float, stop: float, axis: int) -> tuple[int, int]:
        low, high = self._to_image(start, axis), self._to_image(stop, axis)
        size = self.image_size[axis]
        first, last = max(0, ceil(low - 0.5)), min(size, ceil(high - 0.5))
        if first >= last:
            first = min(max(0, floor((low + high) / 2)), size - 1)
            last = first + 1
        return first, last

    def _to_image(self, position: float, axis: int) -> float:
        return (self.crop_origin[axis] + position) * self.image_size[axis] / self.resized_size[axis]

    def _input_fractions(self, axis: int) -> np.ndarray:
        """Where the centre of each original pixel lies in the input: 0 and 1 are the input's outer edges."""
        size = self.image_size[axis]
        resized = (np.arange(size) + 0.5) * self.resized_size[axis] / size
        return (resized - self.crop_origin[axis]) / self.input_size[axis]
