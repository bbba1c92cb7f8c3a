"""Fit PatchCore on normal images: features, coreset, DBT scores. Thresholds are fitted elsewhere, from the scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from eagle_core.config import ExpertConfig
from eagle_core.errors import DataError, FitError
from eagle_core.expert.backbone import Backbone, load_backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.coreset import greedy_coreset, project, projection_matrix
from eagle_core.expert.features import ImageFeatures, iterate_features
from eagle_core.expert.memory import check_memory, estimate_fit_bytes
from eagle_core.expert.training_scores import score_training_images
from eagle_core.records import Failure, Sample

__all__ = ["FittedExpert", "fit_expert"]

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Gathered:
    """Everything that the training images yield."""

    patches: torch.Tensor
    """``(N, P, D) float32``."""
    grid: tuple[int, int]
    image_ids: list[str] = field(default_factory=list)
    embeddings: list[torch.Tensor] = field(default_factory=list)


def fit_expert(
    samples: Sequence[Sample],
    config: ExpertConfig,
    *,
    seed: int,
    device: str = "cpu",
    progress: Progress | None = None,
) -> FittedExpert:
    """Build the memory bank of one category and score its training images.

    Args:
        samples: Normal images.
        config: PatchCore.
        seed: Of the projection and of the coreset's first patch.
        device: Where features are extracted, kept and searched.
        progress: Called with (``features``, ``coreset`` or ``scores``, done, total).

    Returns:
        The expert, on the CPU. Images that could not be read are listed in its ``failures``.

    Raises:
        ConfigurationError: The backbone does not exist.
        WeightsError: Its weights cannot be had.
        DataError: There is no readable image, an image is labelled defective, or an id appears twice.
        FitError: Memory does not suffice, or the coreset would be empty.
    """
    _check_samples(samples)
    report: Progress = progress or (lambda phase, done, total: None)
    backbone = load_backbone(config.backbone, device, with_anomalib=True)
    check_memory(estimate_fit_bytes(len(samples), config, backbone.architecture), backbone.device)
    gathered, failures = _gather(backbone, samples, config, report)
    patches = gathered.patches
    sampled = _sample(patches, config, seed, report)
    scored = score_training_images(
        patches, sampled, gathered.image_ids, config, lambda done, total: report("scores", done, total)
    )
    rows, columns = gathered.grid
    return FittedExpert(
        bank=patches[sampled].cpu(),
        sampled=sampled.cpu().numpy().reshape(len(patches), rows, columns),
        training_image_ids=tuple(gathered.image_ids),
        training_scores=scored.scores,
        training_embeddings=torch.stack(gathered.embeddings).cpu(),
        cover_radius=scored.cover_radius,
        config=config,
        seed=seed,
        backbone_fingerprint=backbone.fingerprint,
        failures=tuple(failures),
    )


def _check_samples(samples: Sequence[Sample]) -> None:
    if not samples:
        raise DataError("an expert needs normal training images, and there are none")
    seen: set[str] = set()
    for sample in samples:
        if sample.is_defective:
            raise DataError(f"{sample.image_id} is labelled defective; an expert is fitted on normal images only")
        if sample.image_id in seen:
            raise DataError(f"{sample.image_id} appears twice among the training images")
        seen.add(sample.image_id)


def _gather(
    backbone: Backbone, samples: Sequence[Sample], config: ExpertConfig, report: Progress
) -> tuple[_Gathered, list[Failure]]:
    """Stream all patch features into one tensor, allocated once when the first image shows their shape."""
    gathered: _Gathered | None = None
    failures: list[Failure] = []
    readings = iterate_features(backbone, samples, config, config.batch_size)
    for done, reading in enumerate(readings, start=1):
        if isinstance(reading, Failure):
            failures.append(reading)
        else:
            gathered = gathered or _allocate(reading, len(samples))
            gathered.patches[len(gathered.image_ids)] = reading.patches
            gathered.image_ids.append(reading.image_id)
            gathered.embeddings.append(reading.embedding)
        report("features", done, len(samples))
    if gathered is None:
        raise DataError(f"none of the {len(samples)} training images can be read; the first: {failures[0].reason}")
    gathered.patches = gathered.patches[: len(gathered.image_ids)]
    return gathered, failures


def _allocate(reading: ImageFeatures, images: int) -> _Gathered:
    return _Gathered(reading.patches.new_empty((images, *reading.patches.shape)), reading.grid)


def _sample(patches: torch.Tensor, config: ExpertConfig, seed: int, report: Progress) -> torch.Tensor:
    """``(N, P) bool``: the coreset."""
    flat = patches.flatten(0, 1)
    count = flat.shape[0]
    size = int(count * config.coreset.ratio)
    if size < 1:
        raise FitError(f"coreset.ratio {config.coreset.ratio} of {count} patches is less than one patch; raise it")
    matrix = projection_matrix(flat.shape[1], config.coreset.projection_dim, seed)
    chosen = greedy_coreset(
        project(flat, matrix),
        size,
        start=int(np.random.default_rng(seed).integers(count)),
        progress=lambda done, total: report("coreset", done, total),
    )
    sampled = torch.zeros(count, dtype=torch.bool)
    sampled[chosen.indices] = True
    return sampled.reshape(patches.shape[:2]).to(patches.device)
