"""File form of the expert's predictions: one npz (no pickle) and one JSON of what could not be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eagle_core.records import ExpertPrediction, Failure


@dataclass(frozen=True, slots=True)
class Predictions:
    """The expert's readings of a category's test images by image_id."""

    by_image: dict[str, ExpertPrediction]
    failures: tuple[Failure, ...]


def write_predictions(folder: Path, readings: Sequence[ExpertPrediction | Failure]) -> None:
    """Write ``predictions.npz`` and ``failures.json`` into ``folder``."""
    good = [r for r in readings if isinstance(r, ExpertPrediction)]
    failures = [r for r in readings if isinstance(r, Failure)]
    np.savez(
        folder / "predictions.npz",
        image_ids=np.array([p.image_id for p in good], dtype=np.str_),
        scores=np.array([p.score for p in good], dtype=np.float64),
        patch_scores=np.stack([p.patch_scores for p in good]) if good else np.zeros((0, 0, 0), np.float32),
        image_sizes=np.array([p.image_size for p in good], dtype=np.int64).reshape(-1, 2),
        likeness=np.array([np.nan if p.likeness is None else p.likeness for p in good], dtype=np.float64),
        embeddings=np.stack([p.embedding for p in good]) if good else np.zeros((0, 0), np.float32),
    )
    listed = [{"image_id": f.image_id, "reason": f.reason} for f in failures]
    (folder / "failures.json").write_text(json.dumps(listed, indent=1), encoding="utf-8")


def read_predictions(folder: Path) -> Predictions:
    """What ``write_predictions`` wrote."""
    with np.load(folder / "predictions.npz", allow_pickle=False) as data:
        columns = [data[k] for k in ("image_ids", "scores", "patch_scores", "image_sizes", "embeddings", "likeness")]
    predictions = [
        ExpertPrediction(
            image_id=str(image_id),
            score=float(score),
            patch_scores=patch_scores,
            image_size=(int(size[0]), int(size[1])),
            embedding=embedding,
            likeness=None if np.isnan(likeness) else float(likeness),
        )
        for image_id, score, patch_scores, size, embedding, likeness in zip(*columns, strict=True)
    ]
    failures = json.loads((folder / "failures.json").read_text(encoding="utf-8"))
    return Predictions({p.image_id: p for p in predictions}, tuple(Failure(**f) for f in failures))
