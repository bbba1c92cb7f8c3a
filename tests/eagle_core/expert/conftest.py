"""A tiny real timm network with seeded weights in a local file, and small textured images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from eagle_core.config import BackboneConfig, CoresetConfig, ExpertConfig, PreprocessingConfig
from eagle_core.expert.backbone import Backbone, load_backbone
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.fit import fit_expert
from eagle_core.records import Sample

TINY = "test_resnet"


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """timm's test_resnet (370 k parameters): the whole model's keys, seeded random values."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = timm.create_model(TINY, pretrained=False)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file({k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}, path)
    return path


@pytest.fixture(scope="session")
def backbone_config(weights_file: Path) -> BackboneConfig:
    return BackboneConfig(name=TINY, weights=str(weights_file))


@pytest.fixture(scope="session")
def backbone(backbone_config: BackboneConfig) -> Backbone:
    return load_backbone(backbone_config)


@pytest.fixture(scope="session")
def config(backbone_config: BackboneConfig) -> ExpertConfig:
    """8 x 8 patches of 240 features; a tenth of them sampled."""
    return ExpertConfig(
        preprocessing=PreprocessingConfig(resize=64),
        backbone=backbone_config,
        coreset=CoresetConfig(ratio=0.1, projection_dim=64),
        calibration="unsampled",
        batch_size=4,
    )


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten noisy stripes, not square."""
    folder = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(0)
    columns = np.arange(90)
    for index in range(10):
        stripes = 120 + 60 * np.sin(columns / (4 + index % 3))
        pixels = stripes[None, :, None] + generator.normal(0, 12, (70, 90, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{index:03d}.png")
    return folder


@pytest.fixture(scope="session")
def samples(image_folder: Path) -> list[Sample]:
    return [
        Sample("tiny", "stripes", path.name, path, "train", is_defective=False) for path in sorted(image_folder.iterdir())
    ]


@pytest.fixture(scope="session")
def expert(samples: list[Sample], config: ExpertConfig) -> FittedExpert:
    return fit_expert(samples, config, seed=0)
