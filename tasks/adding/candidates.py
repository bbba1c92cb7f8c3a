"""What is wrong or odd about images that are to join a category: their pixels, and what its expert says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eagle_core.calibration.suspects import suspicion_limit
from eagle_core.config import EagleConfig
from eagle_core.data.additions import Candidate, examine
from eagle_core.expert.bundle import load_expert
from eagle_core.expert.scene import KnownScene
from eagle_core.records import ExpertPrediction
from tasks.machinery.inputs import category_of
from tasks.machinery.store import Entry
from tasks.stages.expert import read_images
from tasks.stages.kept_features import FeatureCounts, KeptFeatures


def candidates(
    config: EagleConfig, dataset: str, category: str, paths: Sequence[Path], progress: Callable[[int, int], None]
) -> list[Candidate]:
    """By pixels alone: no expert is needed.

    Raises:
        DataError: No training image of the category can be read.
    """
    return examine(paths, category_of(config, dataset, category), progress)


def look_through_expert(config: EagleConfig, expert: Entry, found: Sequence[Candidate], category: str) -> FeatureCounts:
    """Note about those not refused what the fitted expert finds odd: another scene, or what looks like a defect.

    Their features are kept, so that the expert that is fitted with them computes them no second time.

    Returns:
        Of how many images features were computed.
    """
    kept = KeptFeatures(config)
    known, asked = load_expert(expert.path), {c.sample.image_id: c for c in found if c.refused is None}
    scene, scores = KnownScene.of(known.training_embeddings.numpy()), known.training_scores.scores
    limit = suspicion_limit(scores)
    samples = [candidate.sample for candidate in asked.values()]
    for reading in read_images(config, known, samples, f"{category}: new images", kept):
        if not isinstance(reading, ExpertPrediction):
            continue
        candidate = asked[reading.image_id]
        unlike = None if scene is None else scene.why_not_judged(reading.embedding)
        if unlike is not None:
            candidate.odd.append(unlike)
        if reading.score > limit:
            candidate.odd.append(f"looks like a defect: its score is {reading.score:.3g}, those of the good images reach {scores.max():.3g}")
    return kept.counts
