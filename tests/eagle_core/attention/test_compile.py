"""``torch.compile`` of the decoder as one graph: guided, then stock, with factors that change between calls."""

from __future__ import annotations

import pytest
import torch

from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.settings import AttentionSettings
from eagle_core.attention.visual_tokens import column_factors
from eagle_core.records import AttentionGuidance
from tests.tiny.chat import chat_model
from tests.tiny.prompts import eagle_prompt, short_prompt


@pytest.mark.slow  # the compiler is
@pytest.mark.parametrize("mode", ["logits", "weights"])
def test_compiled_decoder_follows_the_scope(mode):
    chat = chat_model("qwen2_5_vl")
    batch = chat.encode([eagle_prompt(), short_prompt()])
    decoder, own, inputs = chat.decoder, batch.layout.mask, {}
    hook = decoder.register_forward_pre_hook(lambda _m, _a, kwargs: inputs.update(kwargs), with_kwargs=True)
    with torch.no_grad():
        chat.model(**batch.inputs, use_cache=False)
    hook.remove()
    torch.compiler.reset()
    compiled = torch.compile(decoder, backend="eager", fullgraph=True)

    def scope(alpha):
        factors = column_factors(batch.layout, [AttentionGuidance(alpha), AttentionGuidance()])
        return attention_scope(
            decoder, ColumnScaling(mode, AttentionSettings().layers_for(chat.depth), factors, batch.layout.mask)
        )

    with torch.no_grad():
        stock = decoder(**inputs).last_hidden_state[own]
        torch.testing.assert_close(compiled(**inputs).last_hidden_state[own], stock)
        for alpha in (0.6, 2.0):
            with scope(alpha):
                expected = decoder(**inputs).last_hidden_state[own]
            with scope(alpha):
                guided = compiled(**inputs).last_hidden_state[own]
            torch.testing.assert_close(guided, expected)
            assert not torch.equal(guided, stock)
        torch.testing.assert_close(compiled(**inputs).last_hidden_state[own], stock)
