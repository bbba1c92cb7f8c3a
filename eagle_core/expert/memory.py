"""How much memory fitting an expert takes, and whether it is there: refused with a remedy, not killed."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import psutil
import torch

from eagle_core.calibration.folds import folds_for
from eagle_core.config import ExpertConfig
from eagle_core.errors import FitError
from eagle_core.expert.architecture import Architecture, resolve_architecture
from eagle_core.expert.coreset import BLOCK, ROWS_AT_ONCE
from eagle_core.expert.nearest import QUERIES_AT_ONCE

FLOAT = 4
ACTIVATIONS_PER_PIXEL = 40
"""Floats alive at once per input pixel in a ResNet's first stages (seen: 24-42 with ResNet-18)."""
GIB = 2**30
_CGROUP = Path("/sys/fs/cgroup")


def estimate_fit_bytes(images: int, config: ExpertConfig, architecture: Architecture | None = None) -> int:
    """Peak bytes of ``fit_expert`` on ``images`` images beyond the interpreter and the backbone's weights.

    Args:
        images: Number of training images.
        config: Decides patches per image, their features and the coreset.
        architecture: Of the backbone; looked up where None.

    Raises:
        ConfigurationError: See ``resolve_architecture``.
        WeightsError: See ``resolve_architecture``.
    """
    architecture = architecture or resolve_architecture(config.backbone)
    rows, columns = architecture.grid(config.preprocessing)
    patches = images * rows * columns
    bank = int(patches * config.coreset.ratio)
    dimension = architecture.dimension
    target = config.coreset.projection_dim
    # Sampling works on the projected points and a centred copy; without projection on a centred copy alone.
    sampling = 2 * target if target is not None and target < dimension else dimension
    features = patches * dimension
    if config.calibration in ("auto", "cross_fitted", "grouped"):
        # A fold's bank is sampled from a copy of the other folds' features, which is larger than the whole's alone.
        others = 1 - 1 / folds_for(images, config.folds)
        sampling = max(sampling, ceil(others * (dimension + sampling)))
    select = patches * sampling + (2 * BLOCK + ROWS_AT_ONCE) * BLOCK
    # Scoring holds the bank, a centred copy of it, and the distances of some patches of one image to all of it.
    score = 2 * bank * dimension + min(rows * columns, QUERIES_AT_ONCE) * bank
    # Counted on top, not as an alternative: the allocator keeps what extraction used (seen in resident memory).
    width, height = config.preprocessing.input_size
    if config.tiles is None:
        extract = config.batch_size * width * height * ACTIVATIONS_PER_PIXEL
    else:
        # One image at a time: its pixels whole and cut up, its features by tile, summed up and counted.
        tiles = config.tiles.layout(width) * config.tiles.layout(height)
        pixels = config.tiles.size**2
        features_by_tile = tiles * pixels // architecture.stride**2 * dimension
        extract = config.batch_size * pixels * ACTIVATIONS_PER_PIXEL + 3 * (width * height + tiles * pixels)
        extract += 2 * features_by_tile + 3 * rows * columns * dimension
    return FLOAT * (features + extract + max(select, score))


def check_memory(needed: int, device: torch.device) -> None:
    """Refuse a fit that would not fit.

    Raises:
        FitError: ``needed`` bytes are more than what is available on ``device``.
    """
    available = available_bytes(device)
    if needed > available:
        raise FitError(
            f"fitting needs about {needed / GIB:.1f} GiB and {available / GIB:.1f} GiB are available on {device}; "
            "lower expert.preprocessing.resize, use fewer training images or a backbone with fewer channels"
        )


def available_bytes(device: torch.device) -> int:
    """Memory that can still be had on ``device``; on the CPU within the container's limit, if there is one."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    available = int(psutil.virtual_memory().available)
    limit, used = _CGROUP / "memory.max", _CGROUP / "memory.current"
    if limit.is_file() and used.is_file() and (text := limit.read_text().strip()).isdigit():
        available = min(available, max(0, int(text) - int(used.read_text())))
    return available
