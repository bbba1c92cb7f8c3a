"""A model's identity is that of the loaded model, found without its weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.identity import identify
from eagle_core.mllm.loading import load_model
from eagle_core.mllm.model_files import EMBEDDED
from tests.tiny.models import BUILDERS


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_every_familys_identity_is_that_of_the_loaded_model(family: str, tmp_path: Path) -> None:
    config = MllmConfig(model=str(BUILDERS[family]().save(tmp_path / family)))
    found, loaded = identify(config), load_model(config)
    assert (found.name, found.fingerprint, found.depth) == (loaded.name, loaded.fingerprint, loaded.depth)
    assert found.adapter == json.loads((tmp_path / family / "config.json").read_text())["model_type"]


def test_no_weights_are_read_but_to_be_hashed() -> None:
    read: list[str] = []

    def digest(path: Path) -> str:
        read.append(path.name)
        return "00" * 32

    found = identify(MllmConfig(), digest)
    assert "model.safetensors" in read
    assert found.depth == 10 and found.adapter == "fast_vlm" and found.dtype == "float32"


def test_a_number_of_layers_that_the_file_leaves_out_is_the_classs(tmp_path: Path) -> None:
    """As in the published LLaVA-1.5, whose text_config names the class and little else."""
    folder = BUILDERS["llava"]().save(tmp_path / "llava")
    described = json.loads((folder / "config.json").read_text())
    del described["text_config"]["num_hidden_layers"]
    (folder / "config.json").write_text(json.dumps(described))
    assert identify(MllmConfig(model=str(folder))).depth == 32  # LlamaConfig's default


def test_keys_tell_models_and_arithmetic_apart_and_not_names(tmp_path: Path) -> None:
    keys = [identify(MllmConfig(model=name)).key() for name in EMBEDDED]
    keys += [identify(MllmConfig(dtype="bfloat16")).key(), identify(MllmConfig(quantization="4bit")).key()]
    assert len({json.dumps(key, sort_keys=True) for key in keys}) == len(keys)


def test_what_cannot_be_asked_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="model type 'bert' has no adapter"):
        identify(MllmConfig(model=str(tmp_path)))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config.json.*is not valid JSON"):
        identify(MllmConfig(model=str(tmp_path)))
