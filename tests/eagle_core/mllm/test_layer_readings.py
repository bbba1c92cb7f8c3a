"""The last layer's reading is the answer itself; earlier layers are read with the same head."""

from __future__ import annotations

import math

import pytest
import torch

from eagle_core.attention.settings import AttentionSettings
from eagle_core.mllm.layer_readings import layer_readings
from eagle_core.records import AttentionGuidance
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import eagle_prompt, short_prompt

PROMPTS = [eagle_prompt(), short_prompt()]


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_the_last_layer_gives_the_answers_own_probabilities(family):
    """Renormalised over the options, as ``ChatModel.answer`` does."""
    chat = chat_model(family)
    for reading, prompt in zip(layer_readings(chat, PROMPTS), PROMPTS, strict=True):
        last = {letter: values[-1] for letter, values in reading.options.items()}
        total = math.log(sum(math.exp(value) for value in last.values()))
        [answer] = chat.answer([prompt])
        expected = dict(answer.option_log_probabilities)
        assert {letter: value - total for letter, value in last.items()} == pytest.approx(expected, abs=1e-4)
        assert {len(values) for values in reading.options.values()} == {len(reading.control)} == {chat.depth}


def test_a_middle_layer_is_the_hidden_state_through_norm_and_head():
    chat = chat_model("qwen2_5_vl")
    batch = chat.encode(PROMPTS)
    with torch.inference_mode():
        states = chat.model(**batch.inputs, output_hidden_states=True).hidden_states
        wanted = chat.model.lm_head(chat.decoder.norm(states[8][:, -1])).log_softmax(-1)
    token = chat.processor.tokenizer.convert_tokens_to_ids("A")
    read = layer_readings(chat, PROMPTS)
    for row in range(2):
        assert read[row].options["A"][7] == pytest.approx(wanted[row, token].item(), abs=1e-4)


def test_guidance_moves_the_guided_prompts_reading_from_the_first_guided_layer_on():
    chat, settings = chat_model("qwen2_5_vl"), AttentionSettings()
    stock = layer_readings(chat, PROMPTS)
    guided = layer_readings(chat, PROMPTS, [AttentionGuidance(0.6), AttentionGuidance()], settings)
    first = settings.layers_for(16)[0]
    assert guided[0].options["A"][:first] == pytest.approx(stock[0].options["A"][:first], abs=1e-6)
    assert guided[0].options["A"][first] != pytest.approx(stock[0].options["A"][first], abs=1e-6)
    assert guided[1].options["A"] == pytest.approx(stock[1].options["A"], abs=1e-5)
