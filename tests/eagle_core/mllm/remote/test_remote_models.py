"""Answers and guided attention of models that bring their own code, on small folders with the published interfaces."""

from __future__ import annotations

import pytest
import torch

from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.settings import AttentionSettings
from eagle_core.attention.visual_tokens import column_factors
from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.guidance.prompt import ANOMALOUS_PRIOR, DEFECT_QUESTION, NORMAL_PRIOR
from eagle_core.mllm.letters import letter_tokens
from eagle_core.mllm.loading import load_model
from eagle_core.mllm.remote.reading import prior_tokens
from eagle_core.records import AttentionGuidance, Prompt, TextPart
from tests.reference.attention import reference_attention
from tests.tiny.prompts import bare_prompt, eagle_prompt, short_prompt
from tests.tiny.remote.folders import internvl, minicpm

MODES = ("logits", "centred", "weights", "values")
PROMPTS = [eagle_prompt(), short_prompt(), bare_prompt()]
MIXED = [AttentionGuidance(0.6, -0.4), AttentionGuidance(), AttentionGuidance(1.5)]
OFF = [AttentionGuidance()] * 3
SETTINGS = AttentionSettings()
FOLDERS = {
    "MiniCPM-V 4.5": lambda folder: minicpm(folder, "Qwen3"),
    "MiniCPM-V 2.6": lambda folder: minicpm(folder, "Qwen2"),
    "InternVL2": internvl,
}


def load(folder, **config):
    return load_model(MllmConfig(model=str(folder), trust_remote_code=True, **config))


@pytest.fixture(scope="module", params=sorted(FOLDERS))
def folder(request, tmp_path_factory):
    return FOLDERS[request.param](tmp_path_factory.mktemp("remote") / "model")


@pytest.fixture(scope="module")
def chat(folder):
    return load(folder)


@pytest.fixture(scope="module")
def batch(chat):
    return chat.encode(PROMPTS)


@pytest.fixture(scope="module")
def stock(chat, batch):
    return logits(chat, batch)


@torch.inference_mode()
def logits(chat, batch):
    return chat.family.language_model(**batch.inputs, use_cache=False).logits


def scaling_of(chat, batch, guidance, mode="logits"):
    factors = column_factors(batch.layout, guidance)
    return ColumnScaling(mode, SETTINGS.layers_for(chat.depth), factors, batch.layout.mask)


@pytest.mark.parametrize("mode", MODES)
def test_guided_attention_equals_explicit_scaling(chat, batch, stock, mode):
    """CAAS in the checkpoint's decoder against eager attention with scaled logits; the unguided row is bit-identical."""
    scaling = scaling_of(chat, batch, MIXED, mode)
    with attention_scope(chat.decoder, scaling):
        guided = logits(chat, batch)
    with reference_attention(chat.decoder, mode, scaling.layers, scaling.factors, scaling.mask):
        expected = logits(chat, batch)
    own = batch.layout.mask
    torch.testing.assert_close(guided[own], expected[own], rtol=0, atol=5e-5)
    assert torch.equal(guided[1], stock[1])
    assert (guided[0, -1] - stock[0, -1]).abs().max() > 1e-2


def test_zero_alpha_is_bit_identical(chat, batch, stock):
    with attention_scope(chat.decoder, scaling_of(chat, batch, OFF)):
        assert torch.equal(logits(chat, batch), stock)
    assert chat.answer(PROMPTS, OFF, SETTINGS) == chat.answer(PROMPTS)


def test_a_padded_batch_answers_as_each_prompt_alone(chat, batch):
    assert not bool(batch.layout.mask.all())
    for prompt, guidance, answer in zip(PROMPTS, MIXED, chat.answer(PROMPTS, MIXED, SETTINGS), strict=True):
        alone = chat.answer([prompt], [guidance], SETTINGS)[0]
        assert alone.p_defect == pytest.approx(answer.p_defect, abs=1e-5)


def test_guidance_moves_exactly_the_guided_answers(chat):
    stock, guided = chat.answer(PROMPTS), chat.answer(PROMPTS, MIXED, SETTINGS)
    assert [a.p_defect != b.p_defect for a, b in zip(stock, guided, strict=True)] == [True, False, True]


def test_generation_begins_as_the_logits_say_and_is_guided(chat):
    """Reading the letter from the prefill equals generate's first step."""
    batch = chat.encode(PROMPTS[:2])
    letters = letter_tokens(chat.family.tokenizer, batch.rendered[0], ["A", "B"])
    with torch.inference_mode():
        first = chat.family.language_model.generate(
            **batch.inputs, max_new_tokens=1, do_sample=False, output_logits=True, return_dict_in_generate=True
        ).logits[0]
    for row, answer in zip(first, chat.answer(PROMPTS[:2]), strict=True):
        p = torch.stack([row[letters["A"]], row[letters["B"]]]).softmax(0)[0].item()
        assert answer.p_defect == pytest.approx(p, abs=1e-4)
    texts = chat.generate(PROMPTS[:2], max_new_tokens=6)
    assert chat.generate(PROMPTS[:2], OFF[:2], SETTINGS, max_new_tokens=6) == texts
    assert chat.generate(PROMPTS[:2], [AttentionGuidance(4.0)] * 2, SETTINGS, max_new_tokens=6) != texts


def test_visual_columns_are_those_with_visual_features(chat, batch):
    """Every other column is its token's own embedding, and every image of a prompt has columns of its own."""
    for row, prompt in enumerate(PROMPTS):
        reading = chat.family.read(prompt)
        embedded = chat.family.language_model.get_input_embeddings()(reading.ids)
        own = batch.inputs["inputs_embeds"][row][batch.layout.mask[row]]
        visual = batch.layout.visual[row][batch.layout.mask[row]]
        assert torch.equal((own != embedded).any(dim=-1), visual)
        assert len(torch.unique(batch.layout.image[row][batch.layout.visual[row]])) == len(batch.layout.roles[row])
    assert batch.layout.roles[0] == ("template", "query", "boxed_query")


def test_prior_tokens_are_those_that_character_offsets_give(chat):
    tokenizer, said = chat.family.tokenizer, []
    for prompt in PROMPTS:
        reading = chat.family.read(prompt)
        prior = prior_tokens(prompt, reading, tokenizer)
        said.append(tokenizer.decode(reading.ids[prior]).strip())
        if said[-1]:
            start = reading.expanded.index(said[-1])
            offsets = tokenizer(reading.expanded, return_offsets_mapping=True)["offset_mapping"]
            inside = [a < start + len(said[-1]) and b > start for a, b in offsets]
            assert prior.tolist() == inside
    assert said == [ANOMALOUS_PRIOR.strip(), NORMAL_PRIOR.strip(), ""]


def test_weights_are_the_checkpoints_in_the_dtype_that_was_asked_for(folder):
    half = load(folder, dtype="bfloat16")
    assert half.model.dtype == torch.bfloat16
    assert {answer.status for answer in half.answer(PROMPTS, MIXED, SETTINGS)} == {"answered"}


def test_a_question_that_holds_the_image_placeholder_is_refused(chat):
    text = TextPart("question", "What is (<image>./</image>) here?")
    [answer] = chat.answer([Prompt("", (*short_prompt().parts, text), DEFECT_QUESTION)])
    assert answer.status == "failed"
    assert "<image>" in answer.error


def test_a_prompt_without_images_is_refused(chat):
    with pytest.raises(ModelError, match="shows no image"):
        chat.answer([Prompt("", (TextPart("question", "Is it?"),), DEFECT_QUESTION)])
