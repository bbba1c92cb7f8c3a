"""Other kinds of expert: anomalib's own score and map, kept without the backbone, calibrated out of fold, deterministic."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from pydantic import ValidationError
from safetensors.torch import save_file

from eagle_core.config import BackboneConfig, ExpertConfig, PreprocessingConfig
from eagle_core.errors import ConfigurationError, FitError
from eagle_core.expert.backbone import Backbone, load_backbone
from eagle_core.expert.bundle import load_expert, save_expert
from eagle_core.expert.fit import fit_expert
from eagle_core.expert.kinds.reading import input_batches
from eagle_core.expert.kinds.registry import build
from eagle_core.expert.scoring import predict
from eagle_core.records import Sample

SIDE = 64


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> BackboneConfig:
    """timm's test_vit (300 k parameters), seeded random values in a file."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = timm.create_model("test_vit", pretrained=False)
    path = tmp_path_factory.mktemp("vit") / "vit.safetensors"
    save_file(model.state_dict(), path)
    return BackboneConfig(name="test_vit", weights=str(path), layers=("blocks.2", "blocks.5"))


@pytest.fixture(params=["mh_patchcore", "rad", "anomaly_dino", "padim"])
def setting(request: pytest.FixtureRequest, transformer: BackboneConfig) -> ExpertConfig:
    """The convolutional kinds on the packaged weights."""
    backbone = transformer if request.param in ("rad", "anomaly_dino") else BackboneConfig()
    return ExpertConfig(
        kind=request.param, preprocessing=PreprocessingConfig(resize=SIDE), backbone=backbone, batch_size=4, folds=3
    )


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Twelve pictures of one part under grain; the last has a dark spot at the lower right."""
    folder = tmp_path_factory.mktemp("parts")
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    part = 90 + 80 * (((rows - 30) ** 2 + (columns - 30) ** 2) < 20**2)
    samples = []
    for number in range(12):
        pixels = part[..., None] + generator.normal(0, 6, (SIDE, SIDE, 3))
        if number == 11:
            pixels[44:54, 44:54] = 0
        path = folder / f"{number:02d}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        samples.append(Sample("parts", "part", path.name, path, "train", is_defective=False))
    return samples


def test_fit_judge_keep_and_judge_again(setting: ExpertConfig, parts: list[Sample], tmp_path: Path) -> None:
    normal, spotted = parts[:10], parts[10:]
    expert = fit_expert(normal, setting, seed=0)
    scores = expert.training_scores
    assert (scores.calibration.rule, scores.calibration.folds) == ("cross_fitted", 3)
    assert len(scores.scores) == 10 and np.isfinite(scores.scores).all() and len(expert.bank) == 0
    assert not [key for key in expert.state if "feature_extractor" in key or "feature_encoder" in key]
    backbone = load_backbone(setting.backbone)
    good, bad = predict(expert, backbone, spotted, batch_size=4)
    assert bad.score > good.score
    rows, columns = np.unravel_index(bad.patch_scores.argmax(), bad.patch_scores.shape)
    side = SIDE / bad.patch_scores.shape[0]
    assert 44 - side <= (rows + 0.5) * side <= 54 + side and 44 - side <= (columns + 0.5) * side <= 54 + side
    assert bad.patch_scores.max() >= bad.score * (1 - 1e-6)
    assert -1 <= good.likeness <= 1

    save_expert(expert, tmp_path)
    again = [p for p in predict(load_expert(tmp_path), backbone, spotted, batch_size=4)]
    np.testing.assert_array_equal([p.score for p in again], [good.score, bad.score])
    other = fit_expert(normal, setting, seed=0)
    np.testing.assert_array_equal(other.training_scores.scores, scores.scores)


def test_the_score_is_anomalibs(setting: ExpertConfig, parts: list[Sample]) -> None:
    """The same model asked directly for its prediction of the same tensor."""
    expert = fit_expert(parts[:10], setting, seed=0)
    backbone: Backbone = load_backbone(setting.backbone)
    model = build(setting, backbone, seed=0)
    model.restore(dict(expert.state))
    [(_, batch)] = list(input_batches(parts[10:], setting, backbone, 2))
    with torch.inference_mode():
        theirs: Any = model.model.eval()(batch)
    ours = [p.score for p in predict(expert, backbone, parts[10:], batch_size=2)]
    np.testing.assert_allclose(ours, theirs.pred_score.flatten().numpy(), rtol=1e-6)


def test_one_image_and_copies_of_one_are_refused_with_what_to_add(setting: ExpertConfig, parts: list[Sample], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(parts[0].image_path.read_bytes()[:60])
    unread = dataclasses.replace(parts[1], image_id="broken.png", image_path=broken)
    with pytest.raises(FitError, match=r"only one normal image, 00.png \(1 more cannot be read, .*; add others"):
        fit_expert([parts[0], unread], setting, seed=0)
    copies = [dataclasses.replace(parts[0], image_id=f"{number}.png") for number in range(6)]
    with pytest.raises(FitError, match="all 6 normal images show the same picture as 0.png.*photographs of different good parts"):
        fit_expert(copies, setting, seed=0)


@pytest.mark.parametrize("kind", ["rad", "anomaly_dino"])
def test_kinds_that_read_transformers_say_so(kind: Any, parts: list[Sample]) -> None:
    config = ExpertConfig(kind=kind, preprocessing=PreprocessingConfig(resize=SIDE))
    with pytest.raises(ConfigurationError, match=f"{kind} reads the blocks of a vision transformer, and tf_efficientnet"):
        fit_expert(parts[:10], config, seed=0)


def test_patchcores_own_calibrations_are_refused() -> None:
    with pytest.raises(ValidationError, match="looks into PatchCore's bank; with kind padim set it to auto"):
        ExpertConfig(kind="padim", calibration="unsampled")


def test_patchcore_on_a_transformer(transformer: BackboneConfig, parts: list[Sample]) -> None:
    """Any timm model: its last block where no layer is named; cosine and the highest hundredth as in AnomalyDINO."""
    backbone = transformer.model_copy(update={"layers": None})
    config = ExpertConfig(
        preprocessing=PreprocessingConfig(resize=SIDE), backbone=backbone, distance="cosine", pooling="top_percent"
    )
    loaded = load_backbone(backbone)
    assert loaded.architecture.layers == ("blocks.5",)
    expert = fit_expert(parts[:10], config, seed=0)
    assert expert.grid == (4, 4) and expert.bank.shape[1] == 64
    good, bad = predict(expert, loaded, parts[10:], batch_size=4)
    assert bad.score > good.score
