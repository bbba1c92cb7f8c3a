"""Real photographs, read once for all tests of the core that need them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from eagle_core.config import BackboneConfig, CoresetConfig, ExpertConfig, PreprocessingConfig
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.fit import fit_expert
from eagle_core.expert.scoring import predict
from eagle_core.records import ExpertPrediction, Sample


@dataclass(frozen=True)
class Reading:
    """One category, fitted and read."""

    expert: FittedExpert
    samples: list[Sample]
    predictions: list[ExpertPrediction]

    @property
    def defective(self) -> np.ndarray:
        return np.array([s.is_defective for s in self.samples])

    @property
    def scores(self) -> np.ndarray:
        return np.array([p.score for p in self.predictions])


def sample_of(path: Path, category: str, folder: Path) -> Sample:
    kind = path.parent.name
    split = path.parent.parent.name
    masks = sorted((folder / "ground_truth" / kind).glob(f"{path.stem}*"))
    return Sample(
        "real", category, path.relative_to(folder).as_posix(), path, split, kind != "good", kind, (masks or [None])[0]
    )


@pytest.fixture(scope="session", params=[pytest.param("screw", marks=pytest.mark.slow), "cookie"])
def reading(request, real_data) -> Reading:
    folder = real_data / request.param
    config = ExpertConfig(
        preprocessing=PreprocessingConfig(resize=256),
        backbone=BackboneConfig(
            name="resnet18",
            weights=str(real_data.parent / "weights" / "resnet18_imagenet_to_layer3.safetensors"),
        ),
        coreset=CoresetConfig(ratio=0.01),
    )
    train, test = (
        [sample_of(path, request.param, folder) for path in sorted((folder / split).glob("*/*"))]
        for split in ("train", "test")
    )
    expert = fit_expert(train, config, seed=0)
    predictions = [p for p in predict(expert, load_backbone(config.backbone), test, 8) if isinstance(p, ExpertPrediction)]
    assert len(predictions) == len(test)
    return Reading(expert, test, predictions)
