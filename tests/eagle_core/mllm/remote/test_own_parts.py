"""What a checkpoint's own code may do that transformers' does not: decoders, tables, tiles, faults."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import MllmConfig
from eagle_core.errors import AttentionError, ModelError
from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.mllm.loading import load_model
from eagle_core.records import AttentionGuidance, Prompt, TextPart
from tests.tiny.prompts import image, short_prompt
from tests.tiny.remote.folders import internvl, minicpm


def load(folder, **config):
    return load_model(MllmConfig(model=str(folder), trust_remote_code=True, **config))


@pytest.mark.parametrize("decoder", ["InternLM2ForCausalLM", "Phi3ForCausalLM"])
def test_a_decoder_outside_the_registry_answers_and_says_that_caas_is_not_available(tmp_path, decoder):
    """As InternVL2-8B and -4B: attention written out, in the second with the names that transformers' has."""
    chat = load(internvl(tmp_path / "own", decoder))
    prompts, settings = [short_prompt()], AttentionSettings(scale_layers=False)
    stock = chat.answer(prompts)
    assert stock[0].status == "answered"
    assert chat.answer(prompts, [AttentionGuidance()], settings) == stock
    with pytest.raises(AttentionError, match="CAAS not available for OwnModel: its attention does not use"):
        chat.answer(prompts, [AttentionGuidance(0.6)], settings)
    assert chat.answer(prompts) == stock
    with pytest.raises(ModelError, match="cannot generate with this version of transformers"):
        chat.generate(prompts)


def test_tables_that_no_checkpoint_holds_are_kept(tmp_path):
    """transformers' loader leaves such a buffer uninitialised where the class does not compute it a second time."""
    model = load(minicpm(tmp_path / "tables")).model
    table = model.resampler.positions
    expected = (torch.arange(len(table))[:, None] / 10 ** torch.linspace(0, 3, table.shape[1])).sin()
    assert torch.equal(table, expected)


def test_every_weight_is_the_checkpoints(tmp_path):
    folder = minicpm(tmp_path / "weights")
    saved, loaded = load_file(folder / "model.safetensors"), load(folder).model.state_dict()
    assert saved.keys() == loaded.keys()
    assert all(torch.equal(saved[key], loaded[key]) for key in saved)


def test_code_that_looks_for_its_own_files_finds_the_pinned_ones(tmp_path):
    """MiniCPM-V loads its processor, which is code, from where its configuration says that it came from."""
    folder = minicpm(tmp_path / "pinned")
    assert '"_name_or_path": "somebody/original"' in (folder / "config.json").read_text()
    assert load(folder).model.config._name_or_path == str(folder)


def test_tied_weights_are_not_missing(tmp_path):
    """A checkpoint with tied embeddings holds one of the two."""
    folder = minicpm(tmp_path / "tied")
    config = (folder / "config.json").read_text().replace('"vocab_size"', '"tie_word_embeddings": true,\n  "vocab_size"')
    (folder / "config.json").write_text(config)
    weights = load_file(folder / "model.safetensors")
    del weights["llm.lm_head.weight"]
    save_file(weights, folder / "model.safetensors")
    llm = load(folder).model.llm
    assert torch.equal(llm.lm_head.weight, weights["llm.model.embed_tokens.weight"])


def test_missing_weights_are_never_random(tmp_path):
    folder = minicpm(tmp_path / "partial")
    weights = load_file(folder / "model.safetensors")
    del weights["llm.model.layers.3.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"lacks 1 weight .*layers\.3\.mlp\.up_proj"):
        load(folder)


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("modeling_minicpmv.py", "from transformers import SomethingThatIsGone", "SomethingThatIsGone"),
        ("configuration_minicpm.py", "MiniCPMVConfig.an_attribute_that_is_gone", "AttributeError: .*that_is_gone"),
    ],
)
def test_code_that_fails_is_one_clear_error(tmp_path, file, line, reason):
    folder = minicpm(tmp_path / "failing")
    with (folder / file).open("a") as code:
        code.write(f"\n{line}\n")
    with pytest.raises(ModelError, match=f"does not load with transformers .* and its own code: .*{reason}"):
        load(folder)


def test_an_image_is_cut_into_tiles_and_a_thumbnail(tmp_path):
    """Model card of InternVL2: 80 x 30 pixels are nearest to 3 tiles side by side; at most 3 were configured here."""
    chat = load(internvl(tmp_path / "tiles"))
    wide, square = image(1, 80, 30), image(2, 28, 28)
    views = chat.family._views(wide)
    assert views.shape == (4, 3, 28, 28)
    assert chat.family._views(square).shape == (1, 3, 28, 28)
    whole = torch.cat(list(views[:3]), dim=2).mean(dim=(1, 2))
    torch.testing.assert_close(whole, views[3].mean(dim=(1, 2)), rtol=0, atol=0.05)


@pytest.mark.parametrize(("build", "token"), [(internvl, "<IMG_CONTEXT>"), (minicpm, "<image></image>")])
def test_a_question_that_holds_an_image_token_is_refused(tmp_path, build, token):
    chat = load(build(tmp_path / "tokens"))
    prompt = Prompt("", (*short_prompt().parts, TextPart("question", f"What is {token}?")), DEFECT_QUESTION)
    [answer] = chat.answer([prompt])
    assert answer.status == "failed"
    assert "a control token of this model" in answer.error


@pytest.mark.parametrize(
    ("asked", "said"), [({"quantization": "8bit"}, "mllm.quantization"), ({"device": "auto"}, "mllm.device")]
)
def test_what_only_transformers_own_classes_can_do_is_refused(tmp_path, asked, said):
    with pytest.raises(ModelError, match=f"{said}: .* brings its own code"):
        load(minicpm(tmp_path / "asked"), **asked)
