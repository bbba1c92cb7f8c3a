from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers.utils import logging

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.loading import load_model
from eagle_core.mllm.model_files import locate
from eagle_core.mllm.registry import known_models
from eagle_core.records import AttentionGuidance
from tests.tiny.base import Tiny, seeded
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import eagle_prompt, short_prompt
from tests.tiny.qwen import qwen2_5_vl
from tests.tiny.tiled import smolvlm

PROMPTS = [eagle_prompt(), short_prompt()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return qwen2_5_vl().save(tmp_path_factory.mktemp("checkpoint"))


def test_a_local_folder_answers_as_the_model_that_was_saved(folder):
    loaded = load_model(MllmConfig(model=str(folder)))
    assert loaded.depth == 16 and loaded.name == str(folder)
    assert loaded.answer(PROMPTS) == chat_model("qwen2_5_vl").answer(PROMPTS)


def test_the_fingerprint_follows_the_files(folder, tmp_path):
    config = MllmConfig(model=str(folder))
    assert locate(config).fingerprint() == locate(config).fingerprint()
    copy = qwen2_5_vl().save(tmp_path / "copy")
    assert locate(MllmConfig(model=str(copy))).fingerprint() == locate(config).fingerprint()
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert locate(MllmConfig(model=str(copy))).fingerprint() != locate(config).fingerprint()


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="there is no folder .*nowhere"):
        load_model(MllmConfig(model=str(tmp_path / "nowhere")))


def test_an_empty_folder_says_what_it_lacks(tmp_path):
    with pytest.raises(ModelError, match=r"no config.json and no \*.safetensors"):
        load_model(MllmConfig(model=str(tmp_path)))


def test_absent_hub_weights_say_how_to_get_them(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="hf download Qwen/Qwen2.5-VL-7B-Instruct --revision abc"):
        load_model(MllmConfig(model="Qwen/Qwen2.5-VL-7B-Instruct", revision="abc"))


def test_remote_code_needs_a_pinned_revision():
    with pytest.raises(ModelError, match="mllm.revision"):
        load_model(MllmConfig(model="openbmb/MiniCPM-V-4_5", trust_remote_code=True))


def test_a_revision_of_a_folder_is_refused(folder):
    with pytest.raises(ModelError, match="mllm.revision"):
        locate(MllmConfig(model=str(folder), revision="main"))


def test_what_is_neither_folder_nor_hub_id_is_refused():
    with pytest.raises(ModelError, match="neither embedded, nor a folder, nor a hub id"):
        load_model(MllmConfig(model="a/b/c/d"))


def test_an_unknown_family_lists_the_known_ones(folder, tmp_path):
    other = qwen2_5_vl().save(tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    config["model_type"] = "gemma3"
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"'gemma3' has no adapter; known are .*qwen2_5_vl"):
        load_model(MllmConfig(model=str(other)))


def test_a_broken_checkpoint_is_one_clear_error(tmp_path):
    broken = qwen2_5_vl().save(tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError, match="does not load"):
        load_model(MllmConfig(model=str(broken)))


def test_missing_weights_are_never_random(tmp_path):
    partial = qwen2_5_vl().save(tmp_path / "partial")
    weights = load_file(partial / "model.safetensors")
    del weights[next(name for name in weights if name.endswith("layers.3.mlp.up_proj.weight"))]
    save_file(weights, partial / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 1 weight .*layers\.3\.mlp\.up_proj"):
        load_model(MllmConfig(model=str(partial)))


def test_known_models_are_complete_lines():
    models = known_models()
    assert models[0].source == "embedded"
    assert len({model.source for model in models}) == len(models)
    for model in models:
        assert model.size and model.memory and isinstance(model.weights_present(), bool)


def test_an_impossible_device_is_named(folder):
    with pytest.raises(ModelError, match="mllm.device"):
        load_model(MllmConfig(model=str(folder), device="warp:0"))


def test_dtype_is_the_configured_one(folder):
    assert load_model(MllmConfig(model=str(folder), dtype="bfloat16")).model.dtype == torch.bfloat16


def test_every_family_is_built_by_the_tests():
    assert set(FAMILIES) == set(BUILDERS)


def test_a_package_that_a_processor_needs_is_named(tmp_path, monkeypatch):
    """As on a machine without the package: transformers looks for it once, at import."""
    folder = smolvlm().save(tmp_path / "smolvlm")
    monkeypatch.setattr("transformers.models.smolvlm.processing_smolvlm.num2words", None)
    with pytest.raises(ModelError, match="pip install num2words"):
        load_model(MllmConfig(model=str(folder)))


@pytest.mark.parametrize("quantization", ["8bit", "4bit"])
def test_quantised_weights_take_less_and_answer_and_are_guided(tmp_path, quantization):
    tiny = qwen2_5_vl()
    # bitsandbytes' kernel for the processor wants widths in multiples of its blocks of 64.
    tiny.model.config.text_config.intermediate_size = 128
    tiny.model.config.vision_config.update({"hidden_size": 64, "intermediate_size": 128})
    wide = seeded(lambda: type(tiny.model)(tiny.model.config))
    model = str(Tiny(wide, tiny.processor).save(tmp_path))
    full, small = load_model(MllmConfig(model=model)), load_model(MllmConfig(model=model, quantization=quantization))
    assert small.model.get_memory_footprint() < 0.75 * full.model.get_memory_footprint()
    asked, guidance = PROMPTS[:1], [AttentionGuidance(0.6)]
    plain, guided = small.answer(asked)[0], small.answer(asked, guidance, AttentionSettings())[0]
    assert plain.p_defect is not None and guided.p_defect != plain.p_defect


def test_a_quantiser_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("eagle_core.mllm.loading.is_bitsandbytes_available", lambda: False)
    with pytest.raises(ModelError, match=r"quantized\]"):
        load_model(MllmConfig(quantization="4bit"))


def test_a_spread_model_answers_the_same(folder):
    one, spread = (load_model(MllmConfig(model=str(folder), device=device)) for device in ("cpu", "auto"))
    assert spread.answer(PROMPTS) == one.answer(PROMPTS)


def test_small_models_load_without_a_progress_bar(folder, capfd):
    load_model(MllmConfig(model=str(folder)))
    assert "Loading weights" not in capfd.readouterr().err
    assert logging.is_progress_bar_enabled()
