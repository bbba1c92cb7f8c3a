"""Judging without anomalib: the features are those of its subclass, bit for bit."""

from __future__ import annotations

import pytest
import timm
import torch
from safetensors.torch import save_file

from eagle_core.config import BackboneConfig
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.lite import MEAN, SIZES, STD, LiteNetwork, lite_stages
from eagle_core.expert.patchcore import PatchcoreFeatures
from eagle_core.expert.pooled import PooledFeatures


def both(config: BackboneConfig, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    judging, fitting = load_backbone(config), load_backbone(config, with_anomalib=True)
    assert isinstance(judging.model, PooledFeatures)
    assert isinstance(fitting.model, PatchcoreFeatures)
    assert judging.fingerprint == fitting.fingerprint
    return judging.extract(batch), fitting.extract(batch)


@pytest.mark.parametrize("layers", [None, ("layer1",), ("layer2", "layer3"), ("layer1", "layer2", "layer4")])
def test_same_bits_as_anomalib(backbone_config, layers):
    batch = torch.randn(3, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    ours, theirs = both(backbone_config.model_copy(update={"layers": layers}), batch)
    assert torch.equal(ours, theirs)
    assert ours.std() > 0.01


@pytest.mark.parametrize(
    ("name", "layers", "shape"),
    [
        ("tf_efficientnet_lite0", None, (2, 3, 224, 224)),
        ("tf_efficientnet_lite0", ("blocks.0", "blocks.6"), (3, 3, 97, 130)),
        ("tf_efficientnet_lite1", ("blocks.1", "blocks.4"), (1, 3, 64, 96)),
        ("tf_efficientnet_lite2", None, (2, 3, 101, 64)),
    ],
)
def test_same_bits_with_the_weights_that_are_installed(name, layers, shape):
    """Judged without timm, fitted with it."""
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    config = BackboneConfig(name=name, layers=layers)
    ours, theirs = both(config, batch)
    assert torch.equal(ours, theirs)
    assert isinstance(load_backbone(config).model.network, LiteNetwork)


@pytest.mark.parametrize("name", SIZES)
def test_stages_and_names_of_installed_models_are_those_of_timm(name):
    with torch.device("meta"):
        theirs = timm.create_model(name, features_only=True)
        ours = LiteNetwork(name, ("blocks.6",))
    assert lite_stages(name) == {s["module"]: (s["num_chs"], s["reduction"]) for s in theirs.feature_info.info}
    assert list(ours.state_dict()) == list(theirs.state_dict())
    known = timm.get_pretrained_cfg(name)
    assert (known.mean, known.std) == (MEAN, STD)


def test_a_model_with_another_activation_when_exportable(tmp_path):
    """ConvNeXt: timm wraps its stages under other names than the file has."""
    model = timm.create_model("convnext_atto", pretrained=False)
    save_file(model.state_dict(), tmp_path / "convnext.safetensors")
    config = BackboneConfig(name="convnext_atto", weights=str(tmp_path / "convnext.safetensors"), layers=("stages.1", "stages.2"))
    ours, theirs = both(config, torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(3)))
    assert torch.equal(ours, theirs)
