"""Where each visual token of an image lies in the original image, one function per way of cutting images up.

A grid returns ``(N, 4) float64``: x0, y0, x1, y1 in pixels of the original image for each of the image's N visual
tokens, in the order in which they stand in the prompt. Tokens without a place (learned newlines) are NaN. Several
views of one image (tiles and a thumbnail) overlap: a pixel then belongs to a token of each.

What the processor decides (number of tiles, size after resizing) is asked of the processor itself, by processing a
blank image of the same size; only the geometry is computed here. transformers is imported where a model is at hand: an
adapter's name and version cost nothing. Receptive fields are not: a vision tower's own
attention spreads every pixel over all tokens of its view.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from transformers import ProcessorMixin

Grid = Callable[["ProcessorMixin", tuple[int, int], int], np.ndarray]
"""Processor, (width, height) of the original image, and number of images in its prompt, to ``(N, 4)`` rectangles."""


class Region(NamedTuple):
    """Part of the original image that a view shows; edges beyond the image are the view's padding."""

    x0: float
    y0: float
    x1: float
    y1: float


def whole_image(processor: Any, size: tuple[int, int], _images: int) -> np.ndarray:
    """Qwen's: the image stretched to whole cells of ``merge_size`` patches, row by row."""
    merge = processor.image_processor.merge_size
    _, rows, columns = _processed(processor, size)["image_grid_thw"][0].tolist()
    return _cells(Region(0, 0, *size), rows // merge, columns // merge)


def centre_crop(processor: Any, size: tuple[int, int], _images: int) -> np.ndarray:
    """LLaVA-1.5's: the shorter side resized, then the centre cut out; what lies outside is not seen at all."""
    width, height = size
    settings = processor.image_processor
    tall, wide = _processed(processor, size)["pixel_values"].shape[-2:]
    region = Region(0, 0, width, height)
    if settings.do_center_crop and settings.size.shortest_edge:
        edge = settings.size.shortest_edge
        short, long = sorted(size)
        longer = int(edge * long / short)
        resized_width, resized_height = (edge, longer) if width <= height else (longer, edge)
        left, top = int((resized_width - wide) / 2), int((resized_height - tall) / 2)
        x, y = width / resized_width, height / resized_height
        region = Region(left * x, top * y, (left + wide) * x, (top + tall) * y)
    return _clip(_cells(region, tall // processor.patch_size, wide // processor.patch_size), size)


def tiles_then_thumbnail(processor: Any, size: tuple[int, int], _images: int) -> np.ndarray:
    """InternVL's: the image stretched over a canvas of square tiles, row by row, then once as a whole.

    Its processor asks for tiles whatever its image processor's own ``crop_to_patches`` says (published: false).
    """
    from transformers.models.got_ocr2.image_processing_got_ocr2 import get_optimal_tiled_canvas

    width, height = size
    settings, side = processor.image_processor, math.isqrt(processor.image_seq_length)
    tile = (settings.size.height, settings.size.width)
    columns, rows = get_optimal_tiled_canvas((height, width), tile, settings.min_patches, settings.max_patches)
    return _tiled(size, rows, columns, (side, side), thumbnail=rows * columns > 1)


def split_then_global(processor: Any, size: tuple[int, int], _images: int) -> np.ndarray:
    """Idefics3's and SmolVLM's: as InternVL's, with markers between tiles, which are no visual tokens."""
    found = processor.image_processor(Image.new("RGB", size), return_row_col_info=True, return_tensors="pt")
    rows, columns, side = found["rows"][0][0], found["cols"][0][0], math.isqrt(processor.image_seq_len)
    return _tiled(size, max(rows, 1), max(columns, 1), (side, side), thumbnail=rows * columns > 0)


def source_then_slices(processor: Any, size: tuple[int, int], _images: int) -> np.ndarray:
    """MiniCPM-V's: the image as a whole at its own shape, then stretched over a canvas of slices, row by row."""
    found = _processed(processor, size)
    merge = 2 if processor.image_processor.downsample_mode == "4x" else 4
    source, *slices = [(rows // merge, columns // merge) for rows, columns in found["target_sizes"].tolist()]
    whole = _cells(Region(0, 0, *size), *source)
    rows, columns = found["grids"][0]
    return np.concatenate([whole, _tiled(size, rows, columns, slices[0], thumbnail=False)]) if slices else whole


def any_resolution(processor: Any, size: tuple[int, int], _images: int) -> np.ndarray:
    """LLaVA-NeXT's: the image stretched to one view, then at its own shape over padded tiles.

    The tiles' tokens are read row by row across tiles, without the rows or columns of padding; a newline ends each row.
    """
    side = processor.image_processor.crop_size.height // processor.patch_size
    return np.concatenate([_cells(Region(0, 0, *size), side, side), _with_newlines(_unpadded(processor, size, side))])


def any_resolution_single(processor: Any, size: tuple[int, int], images: int) -> np.ndarray:
    """LLaVA-OneVision's: as LLaVA-NeXT's for a prompt of one image; of several, each padded to a square and a newline.

    More than ``anyres_max_N`` tiles' worth of tokens are interpolated to fewer, which then lie evenly on the image.
    """
    side = math.isqrt(processor.num_image_tokens)
    if images > 1:
        width, height = size
        edge = max(size)
        left, top = (edge - width) // 2, (edge - height) // 2
        square = _cells(Region(-left, -top, edge - left, edge - top), side, side)
        return np.concatenate([_clip(square, size), np.full((1, 4), np.nan)])
    cells = _unpadded(processor, size, side)
    rows, columns = cells.shape[:2]
    most = int(processor.vision_aspect_ratio.removeprefix("anyres_max_"))
    ratio = math.sqrt(rows * columns / (most * side**2))
    if ratio > 1.1:
        region = Region(*cells[0, 0, :2], *cells[-1, -1, 2:])
        rows, columns = int(rows // ratio), int(columns // ratio)
        cells = _cells(region, rows, columns).reshape(rows, columns, 4)
    return np.concatenate([_cells(Region(0, 0, *size), side, side), _with_newlines(cells)])


def _processed(processor: Any, size: tuple[int, int]) -> Any:
    return processor.image_processor(Image.new("RGB", size), return_tensors="pt")


def _cells(region: Region, rows: int, columns: int) -> np.ndarray:
    """An even grid over ``region``, row by row, ``(rows * columns, 4)``."""
    x = np.linspace(region.x0, region.x1, columns + 1)
    y = np.linspace(region.y0, region.y1, rows + 1)
    left, top = np.meshgrid(x[:-1], y[:-1])
    right, bottom = np.meshgrid(x[1:], y[1:])
    return np.stack([left, top, right, bottom], axis=-1).reshape(-1, 4)


def _tiled(
    size: tuple[int, int], rows: int, columns: int, cells: tuple[int, int], *, thumbnail: bool
) -> np.ndarray:
    """Tiles row by row over the whole image, each a grid of ``cells``; after them, if asked for, a view of it all."""
    whole = Region(0, 0, *size)
    views = [Region(*tile) for tile in _cells(whole, rows, columns)]
    return np.concatenate([_cells(view, *cells) for view in [*views, *([whole] if thumbnail else [])]])


def _unpadded(processor: Any, size: tuple[int, int], side: int) -> np.ndarray:
    """LLaVA's tiles as one grid without padding, ``(rows, columns, 4)``; ``side`` is one tile's number of tokens."""
    import torch
    from transformers.image_processing_utils import get_patch_output_size, select_best_resolution
    from transformers.image_utils import ChannelDimension
    from transformers.models.llava_next.modeling_llava_next import unpad_image

    width, height = size
    settings = processor.image_processor
    tile = _processed(processor, size)["pixel_values"].shape[-1]
    tall, wide = select_best_resolution((height, width), settings.image_grid_pinpoints)
    blank = np.empty((3, height, width), np.uint8)
    resized_height, resized_width = get_patch_output_size(blank, (tall, wide), ChannelDimension.FIRST)
    x, y = width / resized_width, height / resized_height
    left, top = (wide - resized_width) // 2 * x, (tall - resized_height) // 2 * y
    rows, columns = tall // tile * side, wide // tile * side
    cells = _cells(Region(-left, -top, wide * x - left, tall * y - top), rows, columns)
    kept = unpad_image(torch.arange(rows * columns).reshape(1, rows, columns), [height, width])[0]
    return _clip(cells, size)[kept.numpy()]


def _with_newlines(cells: np.ndarray) -> np.ndarray:
    """``(rows, columns, 4)`` to ``(rows * (columns + 1), 4)``: a token without a place after each row."""
    newline = np.full((cells.shape[0], 1, 4), np.nan)
    return np.concatenate([cells, newline], axis=1).reshape(-1, 4)


def _clip(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Rectangles cut to the image; those wholly outside become NaN."""
    width, height = size
    clipped = np.clip(cells, 0, [width, height, width, height])
    empty = (clipped[:, 2] <= clipped[:, 0]) | (clipped[:, 3] <= clipped[:, 1])
    return np.where(empty[:, None], np.nan, clipped)
