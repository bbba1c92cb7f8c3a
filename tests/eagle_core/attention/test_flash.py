"""Delegation to flash attention, whose kernels need a GPU: here an emulation with its contract stands in for them.

The contract: no mask or one of (B, L) for padding, heads of one size in multiples of eight, causal.
"""

from __future__ import annotations

import pytest
import torch
from transformers import AttentionInterface
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import is_flash_attn_2_available

from eagle_core.attention.ratio import AnswerAttention
from eagle_core.attention.registry import GuidedAttention
from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.settings import AttentionSettings
from eagle_core.attention.visual_tokens import column_factors
from eagle_core.config import MllmConfig
from eagle_core.errors import AttentionError, ModelError
from eagle_core.mllm.loading import load_model
from eagle_core.records import AttentionGuidance
from tests.reference.attention import reference_attention
from tests.tiny.chat import chat_model
from tests.tiny.prompts import bare_prompt, eagle_prompt, short_prompt

FLASH = "flash_attention_2"
GUIDANCE = (AttentionGuidance(0.6, -0.4), AttentionGuidance(), AttentionGuidance(1.5, 0.0))


def emulated_flash(module, query, key, value, attention_mask, scaling=None, **_):
    """Every sample without its padding, one by one, as flash attention's variable-length form does."""
    assert module.config._attn_implementation == FLASH  # by which the real one chooses its kernel
    assert attention_mask is None or attention_mask.shape == (query.shape[0], key.shape[2])
    assert query.shape[-1] == key.shape[-1] == value.shape[-1] and query.shape[-1] % 8 == 0
    output = torch.zeros_like(query)
    for row in range(query.shape[0]):
        own = torch.ones(key.shape[2], dtype=torch.bool) if attention_mask is None else attention_mask[row].bool()
        asked = own[-query.shape[2] :]
        groups = query.shape[1] // key.shape[1]
        keys, values = (t[row][:, own].repeat_interleave(groups, dim=0) for t in (key, value))
        logits = query[row][:, asked] @ keys.transpose(1, 2) * scaling
        future = torch.ones(logits.shape[-2:], dtype=torch.bool).triu(logits.shape[-1] - logits.shape[-2] + 1)
        output[row][:, asked] = logits.masked_fill(future, -torch.inf).softmax(-1) @ values
    return output.transpose(1, 2).contiguous(), None


@pytest.fixture
def chat():
    chat, original = chat_model("qwen3_vl"), ALL_ATTENTION_FUNCTIONS[FLASH]
    AttentionInterface.register(FLASH, emulated_flash)
    yield chat
    AttentionInterface.register(FLASH, original)


@torch.inference_mode()
def logits(chat, batch):
    return chat.model(**batch.inputs, use_cache=False).logits


@pytest.mark.parametrize("mode", ["logits", "centred", "weights", "values"])
def test_guided_flash_equals_explicit_scaling(chat, mode):
    batch = chat.encode((eagle_prompt(), short_prompt(), bare_prompt()))
    layers = AttentionSettings().layers_for(chat.depth)
    scaling = ColumnScaling(mode, layers, column_factors(batch.layout, GUIDANCE), batch.layout.mask)
    with reference_attention(chat.decoder, mode, layers, scaling.factors, scaling.mask):
        expected = logits(chat, batch)
    chat.decoder.config._attn_implementation = FLASH
    stock = logits(chat, batch)
    with attention_scope(chat.decoder, scaling):
        guided = logits(chat, batch)
    own = batch.layout.mask
    torch.testing.assert_close(guided[own], expected[own], rtol=0, atol=5e-5)
    assert torch.equal(guided[1][own[1]], stock[1][own[1]])
    assert not torch.equal(guided[0], stock[0])
    assert ALL_ATTENTION_FUNCTIONS[FLASH] is emulated_flash
    assert torch.equal(logits(chat, batch)[own], stock[own])


def test_nothing_is_left_behind_after_an_exception(chat):
    chat.decoder.config._attn_implementation = FLASH
    scaling = ColumnScaling("logits", (3,), torch.tensor([[1.6, 1.0]]), torch.ones(1, 2, dtype=torch.bool))
    with pytest.raises(ZeroDivisionError), attention_scope(chat.decoder, scaling):
        assert isinstance(ALL_ATTENTION_FUNCTIONS[FLASH], GuidedAttention)
        raise ZeroDivisionError
    assert ALL_ATTENTION_FUNCTIONS[FLASH] is emulated_flash


def test_observing_flash_attention_is_refused(chat):
    chat.decoder.config._attn_implementation = FLASH
    with pytest.raises(AttentionError, match=r"set mllm\.attention: sdpa"), attention_scope(chat.decoder, observer=AnswerAttention()):
        pass


@pytest.mark.skipif(is_flash_attn_2_available(), reason="flash attention is installed here")
def test_flash_attention_that_cannot_be_had_is_said():
    with pytest.raises(ModelError, match=r"not installed.*mllm\.attention: flash_attention_2"):
        load_model(MllmConfig(attention=FLASH))
