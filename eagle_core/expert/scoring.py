"""Score test images with a fitted expert (paper: Eqs. 2-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from eagle_core.calibration.likeness import LikenessReference, reduce_grids
from eagle_core.errors import WeightsError
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.features import iterate_features
from eagle_core.expert.nearest import SearchBank
from eagle_core.expert.pooling import read_patches
from eagle_core.records import ExpertPrediction, Failure, Sample


def predict(
    expert: FittedExpert,
    backbone: Backbone,
    samples: Sequence[Sample],
    batch_size: int,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[ExpertPrediction | Failure]:
    """Patch scores, image score and embedding of each sample, in order; a failure where one cannot be read.

    Args:
        expert: Decides preprocessing and distance.
        backbone: The one that the expert was fitted with; its device is where the bank is searched.
        samples: Images to score; labels are not looked at.
        batch_size: Images per forward pass; changes results only in floating-point noise.
        progress: Called with (``predict``, done, total).

    Raises:
        WeightsError: ``backbone`` is not the one that the expert was fitted with.
    """
    if backbone.fingerprint != expert.backbone_fingerprint:
        raise WeightsError(
            f"the expert was fitted with another backbone ({expert.backbone_fingerprint[:12]}) than the given "
            f"{backbone.architecture.name} ({backbone.fingerprint[:12]}); fit it again or load the former weights"
        )
    return _predict(expert, backbone, samples, batch_size, progress)


def _predict(
    expert: FittedExpert,
    backbone: Backbone,
    samples: Sequence[Sample],
    batch_size: int,
    progress: Callable[[str, int, int], None] | None,
) -> Iterator[ExpertPrediction | Failure]:
    bank = SearchBank.of(expert.bank.to(backbone.device))
    reference = LikenessReference(
        expert.likeness.mean.to(backbone.device), expert.likeness.grids.to(backbone.device)
    )
    readings = iterate_features(backbone, samples, expert.config, batch_size)
    for done, reading in enumerate(readings, start=1):
        if isinstance(reading, Failure):
            yield reading
        else:
            score, distances = read_patches(bank, reading.patches, expert.config)
            yield ExpertPrediction(
                image_id=reading.image_id,
                score=score,
                patch_scores=distances.reshape(reading.grid).cpu().numpy(),
                image_size=reading.image_size,
                embedding=reading.embedding.cpu().numpy(),
                likeness=float(reference.nearest(reduce_grids(reading.patches[None], reading.grid))),
            )
        if progress is not None:
            progress("predict", done, len(samples))
