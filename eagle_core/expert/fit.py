"""Fit PatchCore on normal images: features, coreset, DBT scores. Thresholds are fitted elsewhere, from the scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from eagle_core.calibration.choice import choose
from eagle_core.calibration.folds import group_folds, random_folds
from eagle_core.calibration.known_groups import KnownGroups
from eagle_core.calibration.likeness import likeness_among, reduce_grids, reference_of
from eagle_core.calibration.suspects import suspicious
from eagle_core.config import ExpertConfig
from eagle_core.errors import DataError
from eagle_core.expert.backbone import Backbone, load_backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.cross_fitting import cross_fit
from eagle_core.expert.features import FeatureReader, ImageFeatures, iterate_features
from eagle_core.expert.memory import check_memory, estimate_fit_bytes
from eagle_core.expert.pooling import patch_quantiles
from eagle_core.expert.sampling import sample_patches
from eagle_core.expert.scoring import predict
from eagle_core.expert.training_scores import FromOneBank, score_training_images
from eagle_core.expert.variety import all_the_same, only_one
from eagle_core.records import Calibration, ExpertPrediction, Failure, Sample, TrainingScores

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
    reduced: list[torch.Tensor] = field(default_factory=list)
    """Grids as ``likeness`` compares them."""


def fit_expert(
    samples: Sequence[Sample],
    config: ExpertConfig,
    *,
    seed: int,
    groups: KnownGroups | None = None,
    held_out: Sequence[Sample] = (),
    held_out_groups: KnownGroups | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    read: FeatureReader = iterate_features,
) -> FittedExpert:
    """Build the memory bank of one category and score normal images for a threshold.

    Args:
        samples: Normal images.
        config: PatchCore, and by which rule images are scored.
        groups: Of the images, where they are known.
        held_out: Normal images that are scored and not fitted on, for calibration ``held_out``.
        held_out_groups: Of those, where they are known: then groups count, not images.
        seed: Of the projection and of the coreset's first patch.
        device: Where features are extracted, kept and searched.
        progress: Called with (``features``, ``coreset``, ``scores`` or ``calibration``, done, total).
        read: How the features of PatchCore's images come about.

    Returns:
        The expert, on the CPU. Images that could not be read are listed in its ``failures``.

    Raises:
        ConfigurationError: The backbone does not exist.
        WeightsError: Its weights cannot be had.
        DataError: There is no readable image, an image is labelled defective, or an id appears twice.
        FitError: There are too few images or groups for folds, memory does not suffice, or the coreset would be empty.
    """
    _check_samples([*samples, *held_out])
    report: Progress = progress or (lambda phase, done, total: None)
    backbone = load_backbone(config.backbone, device, with_anomalib=True)
    check_memory(estimate_fit_bytes(len(samples), config, backbone.architecture), backbone.device)
    calibration = choose(
        config.calibration,
        held_out=held_out_groups.count if held_out_groups else len(held_out),
        groups=groups.count if groups else 0,
        source=groups.source if groups else "",
        held_out_as="groups of normal images" if held_out_groups else "normal images",
    )
    kind = partial(_fit_patchcore, read=read) if config.kind == "patchcore" else _fit_other
    fit = partial(kind, config=config, calibration=calibration)
    fitted = fit(samples, groups=groups, backbone=backbone, seed=seed, report=report)
    if calibration.rule != "held_out":
        return fitted
    readings = predict(
        fitted, backbone, held_out, config.batch_size, lambda _, done, total: report("calibration", done, total), read
    )
    return _held_out(fitted, readings, calibration, held_out_groups)


def _fit_patchcore(
    samples: Sequence[Sample],
    config: ExpertConfig,
    calibration: Calibration,
    groups: KnownGroups | None,
    backbone: Backbone,
    seed: int,
    report: Progress,
    read: FeatureReader,
) -> FittedExpert:
    gathered, failures = _gather(read(backbone, samples, config, config.batch_size), len(samples), report)
    _check_variety(gathered, failures, calibrated_elsewhere=calibration.rule == "held_out")
    fitted = _fit(gathered, calibration, groups, config, seed, report)
    suspects = _suspects(fitted)
    if suspects and config.suspects == "left_out":
        fitted = _fit(_without(gathered, suspects), calibration, groups, config, seed, report)
    return dataclasses.replace(
        _naming(fitted, suspects), backbone_fingerprint=backbone.fingerprint, failures=tuple(failures)
    )


def _fit_other(
    samples: Sequence[Sample],
    config: ExpertConfig,
    calibration: Calibration,
    groups: KnownGroups | None,
    backbone: Backbone,
    seed: int,
    report: Progress,
) -> FittedExpert:
    # Behind it are anomalib's other models, for which PatchCore need not wait.
    from eagle_core.expert.kinds.fitting import fit_kind, refuse_copies

    refuse_copies(samples, config, backbone, calibrated_elsewhere=calibration.rule == "held_out")
    fitted = fit_kind(samples, config, calibration, groups, backbone, seed, report)
    suspects = _suspects(fitted)
    if suspects and config.suspects == "left_out":
        kept = [sample for sample in samples if sample.image_id not in suspects]
        again = fit_kind(kept, config, calibration, groups, backbone, seed, report)
        fitted = dataclasses.replace(again, failures=fitted.failures)
    return _naming(fitted, suspects)


def _suspects(fitted: FittedExpert) -> tuple[str, ...]:
    scores = fitted.training_scores
    return tuple(np.asarray(scores.image_ids)[suspicious(scores.scores)].tolist())


def _naming(fitted: FittedExpert, suspects: tuple[str, ...]) -> FittedExpert:
    return dataclasses.replace(
        fitted, training_scores=dataclasses.replace(fitted.training_scores, suspects=suspects)
    )


def _check_variety(gathered: _Gathered, failures: Sequence[Failure], *, calibrated_elsewhere: bool) -> None:
    """One image, or copies of one, say nothing about how much normal images differ.

    Raises:
        FitError: There is nothing to compare; says what to add or replace.
    """
    count, first = len(gathered.image_ids), gathered.patches[0]
    if count == 1 and not calibrated_elsewhere:
        raise only_one(gathered.image_ids[0], failures)
    # Copies in different places of a batch come out equal but for rounding.
    nearby = 1e-4 * float(first.abs().max())
    if count > 1 and all(float((patches - first).abs().max()) <= nearby for patches in gathered.patches[1:]):
        raise all_the_same(count, gathered.image_ids[0], failures)


def _fit(
    gathered: _Gathered,
    calibration: Calibration,
    groups: KnownGroups | None,
    config: ExpertConfig,
    seed: int,
    report: Progress,
) -> FittedExpert:
    """Bank and scores of what was gathered. Where images are held out, those scores only serve to find suspects."""
    patches = gathered.patches
    sampled = sample_patches(patches, config.coreset, seed, lambda done, total: report("coreset", done, total))
    scored = partial(report, "scores")
    rule = calibration.rule
    mine = tuple(groups.of[i] for i in gathered.image_ids) if groups is not None and rule == "grouped" else ()
    if rule == "cross_fitted" or rule == "grouped":
        count = len(gathered.image_ids)
        folds = group_folds(mine, config.folds, seed) if mine else random_folds(count, config.folds, seed)
        scores = cross_fit(
            patches, gathered.image_ids, folds, config, calibration, groups=mine, seed=seed, progress=scored
        )
    else:
        one: FromOneBank = "leave_out" if rule == "held_out" else rule
        scores = score_training_images(patches, sampled, gathered.image_ids, config, one, scored)
        scores = dataclasses.replace(scores, calibration=calibration)
    rows, columns = gathered.grid
    reference = reference_of(torch.stack(gathered.reduced).cpu())
    return FittedExpert(
        bank=patches[sampled].cpu(),
        sampled=sampled.cpu().numpy().reshape(len(patches), rows, columns),
        training_image_ids=tuple(gathered.image_ids),
        training_scores=scores,
        training_embeddings=torch.stack(gathered.embeddings).cpu(),
        likeness=reference,
        training_likeness=likeness_among(reference, mine or None),
        config=config,
        seed=seed,
        backbone_fingerprint="",
    )


def _without(gathered: _Gathered, left_out: Sequence[str]) -> _Gathered:
    kept = [i for i, image_id in enumerate(gathered.image_ids) if image_id not in left_out]
    return _Gathered(
        gathered.patches[kept],
        gathered.grid,
        [gathered.image_ids[i] for i in kept],
        [gathered.embeddings[i] for i in kept],
        [gathered.reduced[i] for i in kept],
    )


def _held_out(
    fitted: FittedExpert,
    readings: Iterable[ExpertPrediction | Failure],
    calibration: Calibration,
    groups: KnownGroups | None,
) -> FittedExpert:
    """``fitted`` with the scores of images that it was not fitted on (split conformal)."""
    good, failures = [], list(fitted.failures)
    for reading in readings:
        if isinstance(reading, Failure):
            failures.append(reading)
        else:
            good.append(reading)
    scores = TrainingScores(
        image_ids=tuple(p.image_id for p in good),
        scores=np.array([p.score for p in good], dtype=np.float64),
        groups=tuple(groups.of[p.image_id] for p in good) if groups else (),
        calibration=calibration,
        suspects=fitted.training_scores.suspects,
        patch_quantiles=patch_quantiles([torch.from_numpy(p.patch_scores) for p in good]),
    )
    likeness = np.array([p.likeness for p in good], dtype=np.float64)
    return dataclasses.replace(
        fitted, training_scores=scores, training_likeness=likeness, failures=tuple(failures)
    )


def _check_samples(samples: Sequence[Sample]) -> None:
    if not samples:
        raise DataError("an expert needs normal training images, and there are none; put photographs of good parts into normal/ (or train/good/)")
    seen: set[str] = set()
    for sample in samples:
        if sample.is_defective:
            raise DataError(f"{sample.image_id} is labelled defective; an expert is fitted on normal images only")
        if sample.image_id in seen:
            raise DataError(f"{sample.image_id} appears twice among the training images")
        seen.add(sample.image_id)


def _gather(
    readings: Iterable[ImageFeatures | Failure], images: int, report: Progress
) -> tuple[_Gathered, list[Failure]]:
    """Stream all patch features into one tensor, allocated once when the first image shows their shape."""
    gathered: _Gathered | None = None
    failures: list[Failure] = []
    for done, reading in enumerate(readings, start=1):
        if isinstance(reading, Failure):
            failures.append(reading)
        else:
            gathered = gathered or _allocate(reading, images)
            gathered.patches[len(gathered.image_ids)] = reading.patches
            gathered.image_ids.append(reading.image_id)
            gathered.embeddings.append(reading.embedding)
            gathered.reduced.append(reduce_grids(reading.patches[None], reading.grid)[0])
        report("features", done, images)
    if gathered is None:
        raise DataError(f"no training image of {images} can be read; the first: {failures[0].reason}")
    gathered.patches = gathered.patches[: len(gathered.image_ids)]
    return gathered, failures


def _allocate(reading: ImageFeatures, images: int) -> _Gathered:
    return _Gathered(reading.patches.new_empty((images, *reading.patches.shape)), reading.grid)
