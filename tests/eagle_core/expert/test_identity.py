"""A backbone's identity follows its weights and layers, and no network is loaded for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from eagle_core.config import BackboneConfig
from eagle_core.errors import WeightsError
from eagle_core.expert import identity
from eagle_core.expert.identity import identify_backbone
from eagle_core.expert.packaged import packaged_weights


def test_a_file_is_hashed_and_not_read_as_weights(backbone_config: BackboneConfig, tmp_path: Path) -> None:
    """A file that holds no weights at all has an identity; the network would refuse it."""
    first, again = identify_backbone(backbone_config), identify_backbone(backbone_config)
    assert first == again
    (tmp_path / "other.safetensors").write_bytes(b"no weights")
    other = identify_backbone(backbone_config.model_copy(update={"weights": str(tmp_path / "other.safetensors")}))
    assert other.architecture == first.architecture and other.weights != first.weights


def test_layers_are_part_of_it(backbone_config: BackboneConfig) -> None:
    shallow = identify_backbone(backbone_config.model_copy(update={"layers": ("layer2",)}))
    assert shallow.key() != identify_backbone(backbone_config).key()


def test_packaged_weights_are_known_by_their_packages_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "load_backbone", None)  # not needed
    found = identify_backbone(BackboneConfig())
    assert found.weights == f"sha256:{packaged_weights(BackboneConfig().name).sha256}"


def test_absent_weights_are_told_before_anything_is_built(backbone_config: BackboneConfig, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent.safetensors do not exist"):
        identify_backbone(backbone_config.model_copy(update={"weights": str(tmp_path / "absent.safetensors")}))
