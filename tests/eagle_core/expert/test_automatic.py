"""``auto``: the paper's backbone where its weights can be had; said where not; never in place of one that was named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from eagle_core.config import BackboneConfig
from eagle_core.expert import automatic
from eagle_core.expert.automatic import settle, stand_in_notice

AUTO = BackboneConfig(name="auto", weights="auto")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a connection and an empty cache of the hub, whose folder is returned."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    automatic._can_be_had.cache_clear()
    return tmp_path


def test_offline_a_packaged_backbone_stands_in_and_it_is_said() -> None:
    settled = settle(AUTO)
    assert (settled.name, settled.weights) == ("tf_efficientnet_lite0", "packaged")
    assert "wide_resnet50_2 (the paper's backbone) cannot be downloaded here" in stand_in_notice(settled)
    assert "{name: wide_resnet50_2, weights: pretrained}" in stand_in_notice(settled)


def test_weights_in_the_hubs_cache_are_taken(offline: Path) -> None:
    repository = offline / "models--timm--wide_resnet50_2.racm_in1k"
    (repository / "snapshots" / "abc").mkdir(parents=True)
    (repository / "snapshots" / "abc" / "model.safetensors").write_bytes(b"weights")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    assert settle(AUTO) == BackboneConfig(name="wide_resnet50_2", weights="pretrained")


def test_what_was_named_is_never_replaced() -> None:
    named = BackboneConfig(name="wide_resnet50_2", weights="pretrained")
    assert settle(named) is named


def test_auto_is_for_both() -> None:
    with pytest.raises(ValidationError, match="must both be auto"):
        BackboneConfig(name="resnet18", weights="auto")
