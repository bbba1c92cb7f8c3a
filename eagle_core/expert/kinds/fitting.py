"""Fit an expert of another kind and score its normal images: the folds of PatchCore's calibration, by fitting again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch

from eagle_core.calibration.folds import group_folds, random_folds
from eagle_core.calibration.known_groups import KnownGroups
from eagle_core.calibration.likeness import likeness_among, reduce_grids, reference_of
from eagle_core.config import ExpertConfig
from eagle_core.errors import DataError
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.kinds.model import AnomalibModel
from eagle_core.expert.kinds.reading import ImageReading, input_batches, iterate_readings
from eagle_core.expert.kinds.registry import build
from eagle_core.expert.pooling import patch_quantiles
from eagle_core.expert.variety import all_the_same, only_one
from eagle_core.records import Calibration, Failure, Sample, TrainingScores

Progress = Callable[[str, int, int], None]


def fit_kind(
    samples: Sequence[Sample],
    config: ExpertConfig,
    calibration: Calibration,
    groups: KnownGroups | None,
    backbone: Backbone,
    seed: int,
    report: Progress,
) -> FittedExpert:
    """An expert whose bank is empty and whose ``state`` is the model's, with scores of its training images.

    Args:
        samples: Normal images.
        config: ``kind``, preprocessing, folds and ``batch_size`` are read.
        calibration: ``cross_fitted`` and ``grouped`` score each image by a model fitted without its fold; ``held_out``
            scores the training images by the model itself, which only serves to find suspects.
        groups: Of the images, where they are known.
        backbone: Its weights and its device are used.
        seed: Of folds and of what the model draws.
        report: Called with (``features`` or ``scores``, done, total).

    Raises:
        ConfigurationError: The kind cannot read this backbone.
        DataError: No image can be read.
        FitError: There are too few images or groups for folds.
    """
    model = _fitted(samples, config, backbone, seed)
    readings = list(_counted(iterate_readings(model, samples, config, backbone, config.batch_size), len(samples), report))
    good = [reading for reading in readings if isinstance(reading, ImageReading)]
    if not good:
        raise DataError(f"no training image of {len(samples)} can be read; the first: {_first_reason(readings)}")
    names = tuple(reading.features.image_id for reading in good)
    mine = tuple(groups.of[name] for name in names) if groups is not None and calibration.rule == "grouped" else ()
    reduced = torch.stack([reduce_grids(r.features.patches[None], r.features.grid)[0] for r in good]).cpu()
    reference = reference_of(reduced)
    readable = [sample for sample in samples if sample.image_id in set(names)]
    if calibration.rule == "held_out":
        scores = TrainingScores(
            names,
            np.array([r.score for r in good], dtype=np.float64),
            calibration=calibration,
            patch_quantiles=patch_quantiles([r.patch_scores for r in good]),
        )
    else:
        again = partial(_fitted, config=config, backbone=backbone, seed=seed)
        scores = _cross_fit(readable, mine, config, calibration, backbone, seed, again, report)
    return FittedExpert(
        bank=torch.empty((0, backbone.architecture.dimension)),
        sampled=np.zeros((len(good), *good[0].features.grid), dtype=bool),
        training_image_ids=names,
        training_scores=scores,
        training_embeddings=torch.stack([r.features.embedding for r in good]).cpu(),
        likeness=reference,
        training_likeness=likeness_among(reference, mine or None),
        config=config,
        seed=seed,
        backbone_fingerprint=backbone.fingerprint,
        failures=tuple(reading for reading in readings if isinstance(reading, Failure)),
        state=model.state(),
    )


def refuse_copies(samples: Sequence[Sample], config: ExpertConfig, backbone: Backbone, *, calibrated_elsewhere: bool) -> None:
    """Compare what the model would see, until two images differ: of other images than copies, one batch is read.

    Args:
        samples: Normal images.
        config: ``preprocessing`` and ``batch_size`` are read.
        backbone: Whose inputs are compared.
        calibrated_elsewhere: Other images than these are scored, so that one may be enough.

    Raises:
        DataError: No image can be read.
        FitError: There is one image, or all show the same picture.
    """
    failures: list[Failure] = []
    first: torch.Tensor | None = None
    read: list[str] = []
    for opened, batch in input_batches(samples, config, backbone, config.batch_size):
        failures += [image for _, image in opened if isinstance(image, Failure)]
        read += [sample.image_id for sample, image in opened if not isinstance(image, Failure)]
        if batch is None:
            continue
        first = batch[0] if first is None else first
        if any(not torch.equal(image, first) for image in batch):
            return
    if not read:
        raise DataError(f"no training image of {len(samples)} can be read; the first: {_first_reason(failures)}")
    if len(read) > 1:
        raise all_the_same(len(read), read[0], failures)
    if not calibrated_elsewhere:
        raise only_one(read[0], failures)


def _fitted(samples: Sequence[Sample], config: ExpertConfig, backbone: Backbone, seed: int) -> AnomalibModel:
    def batches() -> Iterator[torch.Tensor]:
        for _, batch in input_batches(samples, config, backbone, config.batch_size):
            if batch is not None:
                yield batch

    model = build(config, backbone, seed)
    with torch.inference_mode():
        model.fit(batches)
    return model


def _cross_fit(
    samples: Sequence[Sample],
    groups: tuple[str, ...],
    config: ExpertConfig,
    calibration: Calibration,
    backbone: Backbone,
    seed: int,
    fitted: Callable[[Sequence[Sample]], AnomalibModel],
    report: Progress,
) -> TrainingScores:
    folds = group_folds(groups, config.folds, seed) if groups else random_folds(len(samples), config.folds, seed)
    scores, done, count = np.empty(len(samples)), 0, int(folds.max()) + 1
    read: list[torch.Tensor] = []
    for fold in range(count):
        model = fitted([sample for sample, mine in zip(samples, folds, strict=True) if mine != fold])
        places = [int(place) for place in np.flatnonzero(folds == fold)]
        left_out = [samples[place] for place in places]
        for place, reading in zip(
            places, iterate_readings(model, left_out, config, backbone, config.batch_size), strict=True
        ):
            if isinstance(reading, Failure):
                raise DataError(f"{reading.image_id} could be read a moment ago and cannot now: {reading.reason}")
            scores[place] = reading.score
            read.append(reading.patch_scores.cpu())
            done += 1
            report("scores", done, len(samples))
    names = tuple(sample.image_id for sample in samples)
    made = Calibration(calibration.rule, calibration.reason, folds=count, nested=False)
    return TrainingScores(names, scores, groups=groups, calibration=made, patch_quantiles=patch_quantiles(read))


def _counted(
    readings: Iterator[ImageReading | Failure], total: int, report: Progress
) -> Iterator[ImageReading | Failure]:
    for done, reading in enumerate(readings, start=1):
        yield reading
        report("features", done, total)


def _first_reason(readings: Sequence[ImageReading | Failure]) -> str:
    return next((reading.reason for reading in readings if isinstance(reading, Failure)), "there is none")
