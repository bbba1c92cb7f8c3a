"""Features against timm and torch directly; weights are what was asked for, or an error that says why not."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torchvision.transforms import v2

from eagle_core.config import BackboneConfig, PreprocessingConfig
from eagle_core.errors import ConfigurationError, WeightsError
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.preprocessing import to_input
from eagle_core.geometry import ImageGeometry


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.randn(5, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_features_are_averaged_and_concatenated_layers(backbone, weights_file, batch):
    """Recomputed from the whole timm model: 3x3 mean of layer2 and layer3, the latter upsampled to the former."""
    model = timm.create_model("test_resnet", pretrained=False).eval()
    model.load_state_dict(load_file(weights_file), strict=False)
    with torch.no_grad():
        shallow = model.layer2(model.layer1(model.maxpool(model.act1(model.bn1(model.conv1(batch))))))
        deep = model.layer3(shallow)
        layers = [functional.avg_pool2d(f, 3, stride=1, padding=1) for f in (shallow, deep)]
        upsampled = functional.interpolate(layers[1], size=(8, 8), mode="bilinear", align_corners=False)
    expected = torch.cat([layers[0], upsampled], dim=1)
    features = backbone.extract(batch)
    assert features.shape == (5, 240, 8, 8)
    assert features.dtype == torch.float32
    np.testing.assert_allclose(features.numpy(), expected.numpy(), rtol=1e-3, atol=1e-5)
    assert backbone.architecture.dimension == 240
    assert backbone.architecture.grid(PreprocessingConfig(resize=64)) == (8, 8)


def test_features_do_not_depend_on_the_batch(backbone, batch):
    together = backbone.extract(batch)
    alone = torch.cat([backbone.extract(one[None]) for one in batch])
    np.testing.assert_allclose(together.numpy(), alone.numpy(), atol=1e-5)


def test_fingerprint_follows_weights_and_layers(backbone, backbone_config, weights_file, tmp_path):
    assert load_backbone(backbone_config).fingerprint == backbone.fingerprint
    assert load_backbone(backbone_config.model_copy(update={"layers": ("layer2",)})).fingerprint != backbone.fingerprint
    tensors = load_file(weights_file)
    tensors["layer3.0.conv1.weight"][0, 0, 0, 0] += 1e-4
    save_file(tensors, tmp_path / "other.safetensors")
    other = load_backbone(backbone_config.model_copy(update={"weights": str(tmp_path / "other.safetensors")}))
    assert other.fingerprint != backbone.fingerprint


def test_file_truncated_after_the_last_needed_layer_is_enough(backbone, backbone_config, weights_file, tmp_path):
    needed = {k: v for k, v in load_file(weights_file).items() if not k.startswith(("layer4", "fc"))}
    save_file(needed, tmp_path / "short.safetensors")
    short = load_backbone(backbone_config.model_copy(update={"weights": str(tmp_path / "short.safetensors")}))
    assert short.fingerprint == backbone.fingerprint


def test_keys_of_models_whose_feature_form_renames_them(tmp_path):
    """timm's feature model of ConvNeXt says stages_0 where the file says stages.0."""
    model = timm.create_model("convnext_atto", pretrained=False)
    save_file(model.state_dict(), tmp_path / "convnext.safetensors")
    config = BackboneConfig(
        name="convnext_atto", weights=str(tmp_path / "convnext.safetensors"), layers=("stages.1", "stages.2")
    )
    network = load_backbone(config).model.network
    stored = model.state_dict()["stages.2.blocks.0.mlp.fc1.weight"]
    assert torch.equal(network.state_dict()["stages_2.blocks.0.mlp.fc1.weight"], stored)


@pytest.mark.parametrize("damage", ["missing", "shape", "nan"])
def test_unfit_weights_are_named(backbone_config, weights_file, tmp_path, damage):
    tensors = load_file(weights_file)
    key = "layer3.0.conv1.weight"
    if damage == "missing":
        del tensors[key]
    elif damage == "shape":
        tensors[key] = tensors[key][:1].clone()
    else:
        tensors[key][0] = torch.nan
    save_file(tensors, tmp_path / "bad.safetensors")
    with pytest.raises(WeightsError, match=rf"bad.safetensors.*{key}"):
        load_backbone(backbone_config.model_copy(update={"weights": str(tmp_path / "bad.safetensors")}))


def test_missing_or_damaged_file_names_the_three_ways(backbone_config, tmp_path):
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no safetensors")
    for path in (tmp_path / "absent.safetensors", damaged):
        with pytest.raises(WeightsError, match="packaged.*local safetensors file.*pretrained"):
            load_backbone(backbone_config.model_copy(update={"weights": str(path)}))


def test_pretrained_offline_is_an_error_that_names_the_three_ways(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match="packaged.*local safetensors file.*pretrained"):
        load_backbone(BackboneConfig(name="test_resnet", weights="pretrained"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "resnet_1x8"}, "no model resnet_1x8"),
        ({"name": "wide_resnet50"}, "similar: wide_resnet50_2"),
        ({"layers": ("layer2", "layer9")}, "layer1, layer2, layer3, layer4"),
        ({"layers": ("layer3", "layer2")}, "in this order"),
        ({"layers": ()}, "layer1, layer2, layer3, layer4"),
        ({"weights": "packaged"}, "no package ships weights of test_resnet; packaged are: tf_efficientnet_lite0"),
    ],
)
def test_impossible_configuration_is_explained(backbone_config, changes, message):
    with pytest.raises(ConfigurationError, match=message):
        load_backbone(backbone_config.model_copy(update=changes))


@pytest.mark.parametrize("size", [(90, 70), (40, 100), (64, 64)])
def test_preprocessing_is_torchvisions_to_a_grey_level(size):
    """The paper's resize 256, centre crop 224, by torchvision (antialiased) instead of PIL."""
    config = PreprocessingConfig(resize=64, fit="short_side", center_crop=56)
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
    ours = to_input(image, ImageGeometry.of(size, config), mean, std)
    theirs = v2.Compose(
        [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Resize(64, antialias=True), v2.CenterCrop(56)]
    )(image)
    assert ours.shape == theirs.shape == (3, 56, 56)
    back = ours * torch.tensor(std)[:, None, None] + torch.tensor(mean)[:, None, None]
    assert (back - theirs).abs().max() < 1.01 / 255


def test_an_impossible_device_is_named():
    with pytest.raises(ConfigurationError, match=r"run\.device.*'warp:0'"):
        load_backbone(BackboneConfig(), "warp:0")
