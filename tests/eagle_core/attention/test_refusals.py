"""Architectures whose attention cannot be guided exactly are refused, never run unguided in silence."""

from __future__ import annotations

import pytest
import torch
from transformers import Gemma2Config, Gemma2Model, MistralConfig, MistralModel, Qwen2Config, Qwen2Model
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from eagle_core.attention.registry import ACTIVE, ActiveScope, guided_attention
from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.support import attention_layers
from eagle_core.errors import AttentionError

SIZES = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": 32,
    "head_dim": 8,
}
SCALING = ColumnScaling("logits", (0, 1), torch.tensor([[1.6, 1.0, 1.0]]), torch.ones(1, 3, dtype=torch.bool))


def run(decoder):
    with torch.inference_mode(), attention_scope(decoder, SCALING):
        decoder(input_ids=torch.tensor([[1, 2, 3]]))


def test_softcapped_attention_is_refused():
    with pytest.raises(AttentionError, match="soft-capped"):
        run(Gemma2Model(Gemma2Config(**SIZES)).eval())


def test_sliding_window_given_at_run_time_is_refused():
    with pytest.raises(AttentionError, match="sliding_window"):
        run(MistralModel(MistralConfig(**SIZES, sliding_window=2)).eval())


def test_sliding_layers_are_refused():
    config = Qwen2Config(
        **{k: v for k, v in SIZES.items() if k != "head_dim"},
        use_sliding_window=True,
        sliding_window=2,
        layer_types=["full_attention", "sliding_attention"],
    )
    with pytest.raises(AttentionError, match=r"layers \[1\].*sliding_attention"):
        run(Qwen2Model(config).eval())


@pytest.mark.parametrize("implementation", ["eager", "flex_attention"])
def test_other_attention_implementations_are_refused(implementation):
    decoder = Qwen2Model(Qwen2Config(**{k: v for k, v in SIZES.items() if k != "head_dim"}))
    decoder.set_attn_implementation(implementation)
    with pytest.raises(AttentionError, match=f"loaded with {implementation}"):
        run(decoder)


def test_models_without_layers_are_refused():
    with pytest.raises(AttentionError, match="no list of decoder layers"):
        attention_layers(torch.nn.Linear(2, 2))


def test_layers_without_attention_are_refused():
    decoder = Qwen2Model(Qwen2Config(**{k: v for k, v in SIZES.items() if k != "head_dim"}))
    far = ColumnScaling("logits", (7,), SCALING.factors, SCALING.mask)
    with pytest.raises(AttentionError, match=r"none of the layers \[7\]"), attention_scope(decoder, far):
        pass


def test_paged_cache_is_refused():
    module = torch.nn.Identity()
    token = ACTIVE.set(ActiveScope({module: 0}, SCALING, None))
    tensors = [torch.zeros(1, 1, 3, 8)] * 3
    try:
        with pytest.raises(AttentionError, match="cache"):
            guided_attention(ALL_ATTENTION_FUNCTIONS["sdpa"], module, *tensors, None, cache=object())
    finally:
        ACTIVE.reset(token)
