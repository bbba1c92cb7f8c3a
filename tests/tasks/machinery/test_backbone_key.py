"""What experts are keyed by of a backbone, remembered: the same as asked anew, and other where a weight changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from eagle_core.config import EagleConfig
from eagle_core.expert import identity
from tasks.machinery.holders import backbone_key


def test_asked_once_until_a_weight_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "weights.safetensors"
    torch.manual_seed(0)
    save_file({k: v for k, v in timm.create_model("test_resnet").state_dict().items() if "num_batches" not in k}, weights)
    config = EagleConfig.model_validate(
        {
            "datasets": {"d": {"root": tmp_path}},
            "expert": {"backbone": {"name": "test_resnet", "weights": str(weights)}},
            "run": {"cache_dir": tmp_path / "cache"},
        }
    )
    asked = []
    whole = identity.identify_backbone
    monkeypatch.setattr(identity, "identify_backbone", lambda *args: asked.append(args) or whole(*args))
    expected = whole(config.expert.backbone).key()
    assert backbone_key(config) == expected
    assert backbone_key(config) == expected
    assert len(asked) == 1

    tensors = load_file(weights)
    tensors["layer2.0.conv1.weight"][0, 0, 0, 0] += 1
    save_file(tensors, weights)
    changed = backbone_key(config)
    assert changed == whole(config.expert.backbone).key()
    assert changed != expected
