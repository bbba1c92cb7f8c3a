"""Real defects among the good images: found and named, and kept out of the fit where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from eagle_core.config import CoresetConfig, ExpertConfig, PreprocessingConfig, ThresholdConfig
from eagle_core.expert.backbone import Backbone, load_backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.features import ImageFeatures, iterate_features
from eagle_core.expert.fit import fit_expert
from eagle_core.expert.scoring import predict
from eagle_core.records import ExpertPrediction, Failure, Sample
from eagle_core.threshold.fit import fit_threshold

GOOD = 99
CONFIG = ExpertConfig(preprocessing=PreprocessingConfig(resize=160), coreset=CoresetConfig(ratio=0.01))
SHARES = {0.01: 1, 0.03: 3, 0.1: 11}
"""Defects that make up the share beside 99 good images."""


@pytest.fixture(scope="module")
def bottles(real_data: Path) -> tuple[list[Sample], list[Sample]]:
    """99 good ones, and all defective ones in a fixed random order; whoever mixes them in says that they are good."""
    good = sorted((real_data / "bottle/train/good").iterdir())[: 2 * GOOD : 2]
    bad = sorted(p for kind in (real_data / "bottle/test").iterdir() if kind.name != "good" for p in kind.iterdir())
    order = np.random.default_rng(0).permutation(len(bad))
    return [_sample(p) for p in good], [_sample(bad[i]) for i in order]


@pytest.fixture(scope="module")
def read() -> Callable[..., Iterator[ImageFeatures | Failure]]:
    """Features, each computed once for all tests of this file."""
    known: dict[str, ImageFeatures | Failure] = {}

    def reader(backbone: Backbone, samples: Sequence[Sample], config: ExpertConfig, batch: int) -> Iterator[ImageFeatures | Failure]:
        new = [s for s in samples if s.image_id not in known]
        known.update(zip([s.image_id for s in new], iterate_features(backbone, new, config, batch), strict=True))
        return iter([known[s.image_id] for s in samples])

    return reader


def _sample(path: Path) -> Sample:
    return Sample("real", "bottle", f"{path.parent.name}/{path.name}", path, "train", False)


def _suspects(fitted: FittedExpert) -> tuple[set[str], set[str]]:
    """Defects that are named, and good images that are."""
    named = set(fitted.training_scores.suspects)
    good = {name for name in named if name.startswith("good/")}
    return named - good, good


@pytest.mark.parametrize("share", SHARES)
def test_real_defects_among_good_bottles_are_found_and_named(bottles, read, share: float) -> None:  # type: ignore[no-untyped-def]
    good, bad = bottles
    fitted = fit_expert([*good, *bad[: SHARES[share]]], CONFIG, seed=0, read=read)
    defects, innocent = _suspects(fitted)
    assert len(defects) >= SHARES[share] - (share == 0.1), "at a tenth, one may be missed: 29 of 30 were found"
    assert len(innocent) <= 0.05 * GOOD
    warnings = fit_threshold(fitted.training_scores, ThresholdConfig(), seed=0).warnings
    [named] = [w for w in warnings if "look like defects beside the others" in w]
    assert any(name in named for name in fitted.training_scores.suspects)


def test_left_out_they_lift_no_threshold(bottles, read) -> None:  # type: ignore[no-untyped-def]
    good, bad = bottles
    mixed, asked = [*good, *bad[: SHARES[0.1]]], ThresholdConfig(method="conformal", false_alarm_rate=0.05)
    robust = CONFIG.model_copy(update={"suspects": "left_out"})
    clean, named, left_out = (fit_expert(s, c, seed=0, read=read) for s, c in ((good, CONFIG), (mixed, CONFIG), (mixed, robust)))
    assert not _suspects(left_out)[0] & set(left_out.training_image_ids)
    taus = [fit_threshold(fitted.training_scores, asked, seed=0).tau for fitted in (clean, named, left_out)]
    assert taus[1] > 1.2 * taus[0] and taus[2] < 1.1 * taus[0]
    backbone, others = load_backbone(CONFIG.backbone), bad[SHARES[0.1] :]
    found = []
    for fitted, tau in ((named, taus[1]), (left_out, taus[2])):
        scores = [p.score for p in predict(fitted, backbone, others, 8, read=read) if isinstance(p, ExpertPrediction)]
        found.append(np.mean(np.array(scores) >= tau))
    assert found[0] < 0.9 < found[1]
