"""Score test images with a fitted expert (paper: Eqs. 2-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from eagle_core.calibration.likeness import LikenessReference, reduce_grids
from eagle_core.errors import WeightsError
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.features import FeatureReader, ImageFeatures, iterate_features
from eagle_core.expert.nearest import SearchBank
from eagle_core.expert.pooling import read_patches
from eagle_core.records import ExpertPrediction, Failure, Sample


def predict(
    expert: FittedExpert,
    backbone: Backbone,
    samples: Sequence[Sample],
    batch_size: int,
    progress: Callable[[str, int, int], None] | None = None,
    read: FeatureReader = iterate_features,
) -> Iterator[ExpertPrediction | Failure]:
    """Patch scores, image score and embedding of each sample, in order; a failure where one cannot be read.

    Args:
        expert: Decides preprocessing and distance.
        backbone: The one that the expert was fitted with; its device is where the bank is searched.
        samples: Images to score; labels are not looked at.
        batch_size: Images per forward pass; changes results only in floating-point noise.
        progress: Called with (``predict``, done, total).
        read: How features come about; other kinds than PatchCore read images themselves.

    Raises:
        WeightsError: ``backbone`` is not the one that the expert was fitted with.
    """
    if backbone.fingerprint != expert.backbone_fingerprint:
        raise WeightsError(
            f"the expert was fitted with another backbone ({expert.backbone_fingerprint[:12]}) than the given "
            f"{backbone.architecture.name} ({backbone.fingerprint[:12]}); fit it again or load the former weights"
        )
    if expert.config.kind != "patchcore":
        return _predict_other(expert, backbone, samples, batch_size, progress)
    return _predict(expert, backbone, samples, batch_size, progress, read)


def _predict_other(
    expert: FittedExpert,
    backbone: Backbone,
    samples: Sequence[Sample],
    batch_size: int,
    progress: Callable[[str, int, int], None] | None,
) -> Iterator[ExpertPrediction | Failure]:
    # Behind them are anomalib's other models, for which PatchCore need not wait.
    from eagle_core.expert.kinds.reading import iterate_readings
    from eagle_core.expert.kinds.registry import build

    model = build(expert.config, backbone, expert.seed)
    model.restore({key: tensor.to(backbone.device) for key, tensor in expert.state.items()})
    reference = _on(expert.likeness, backbone)
    readings = iterate_readings(model, samples, expert.config, backbone, batch_size)
    for done, reading in enumerate(readings, start=1):
        if isinstance(reading, Failure):
            yield reading
        else:
            yield _prediction(reference, reading.features, reading.score, reading.patch_scores)
        if progress is not None:
            progress("predict", done, len(samples))


def _predict(
    expert: FittedExpert,
    backbone: Backbone,
    samples: Sequence[Sample],
    batch_size: int,
    progress: Callable[[str, int, int], None] | None,
    read: FeatureReader,
) -> Iterator[ExpertPrediction | Failure]:
    bank = SearchBank.of(expert.bank.to(backbone.device))
    reference = _on(expert.likeness, backbone)
    readings = read(backbone, samples, expert.config, batch_size)
    for done, reading in enumerate(readings, start=1):
        if isinstance(reading, Failure):
            yield reading
        else:
            score, distances = read_patches(bank, reading.patches, expert.config)
            yield _prediction(reference, reading, score, distances.reshape(reading.grid))
        if progress is not None:
            progress("predict", done, len(samples))


def _on(reference: LikenessReference, backbone: Backbone) -> LikenessReference:
    return LikenessReference(reference.mean.to(backbone.device), reference.grids.to(backbone.device))


def _prediction(
    reference: LikenessReference, features: ImageFeatures, score: float, patch_scores: torch.Tensor
) -> ExpertPrediction:
    return ExpertPrediction(
        image_id=features.image_id,
        score=score,
        patch_scores=patch_scores.cpu().numpy(),
        image_size=features.image_size,
        embedding=features.embedding.cpu().numpy(),
        likeness=float(reference.nearest(reduce_grids(features.patches[None], features.grid))),
    )
