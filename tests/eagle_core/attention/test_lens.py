from __future__ import annotations

import pytest
import torch

from eagle_core.attention.lens import LayerStates, option_log_probabilities
from eagle_core.errors import AttentionError
from tests.tiny.chat import chat_model
from tests.tiny.prompts import eagle_prompt, short_prompt


@pytest.fixture(scope="module")
def chat():
    return chat_model("qwen2_5_vl")


def test_the_last_layer_is_the_models_own_output_and_the_first_is_not(chat):
    batch, states = chat.encode([eagle_prompt(), short_prompt()]), LayerStates()
    with torch.inference_mode(), states.record(chat.decoder):
        logits = chat.model(**batch.inputs).logits[:, -1]
    tokens = [5, 40, 300]
    seen = option_log_probabilities(states, chat.decoder.norm, chat.model.lm_head, tokens)
    assert seen.shape == (16, 2, 3)
    torch.testing.assert_close(seen[-1], logits.log_softmax(-1)[:, tokens])
    assert (seen[0] - seen[-1]).abs().max() > 0.1


def test_hooks_are_removed_after_an_exception(chat):
    with pytest.raises(ZeroDivisionError), LayerStates().record(chat.decoder):
        raise ZeroDivisionError
    assert not any(layer._forward_hooks for layer in chat.decoder.layers)


def test_a_model_without_layers_is_refused():
    with pytest.raises(AttentionError, match="no list of decoder layers"), LayerStates().record(torch.nn.Linear(1, 1)):
        pass
