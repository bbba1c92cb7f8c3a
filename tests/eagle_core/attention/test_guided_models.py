"""Guided attention in every family's tiny model against explicitly scaled eager attention."""

from __future__ import annotations

import threading

import pytest
import torch
from transformers import PreTrainedModel

from eagle_core.attention.mass import VisualMassRecorder
from eagle_core.attention.ratio import AnswerAttention, attention_ratio
from eagle_core.attention.registry import ACTIVE
from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.settings import AttentionSettings
from eagle_core.attention.visual_tokens import column_factors
from eagle_core.errors import AttentionError
from eagle_core.records import AttentionGuidance
from tests.reference.attention import reference_attention
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import bare_prompt, eagle_prompt, short_prompt

MODES = ("logits", "centred", "weights", "values")
PROMPTS = (eagle_prompt(), short_prompt(), bare_prompt())
MIXED = (AttentionGuidance(0.6, -0.4), AttentionGuidance(), AttentionGuidance(1.5, 0.0))
TOLERANCE = {"rtol": 0, "atol": 5e-5}


@pytest.fixture(scope="module", params=sorted(BUILDERS))
def chat(request):
    return chat_model(request.param)


@pytest.fixture(scope="module")
def batch(chat):
    return chat.encode(PROMPTS)


@pytest.fixture(scope="module")
def stock(chat, batch):
    """Unguided logits."""
    return logits(chat, batch)


def scaling_of(chat, batch, guidance=MIXED, mode="logits"):
    return ColumnScaling(
        mode, AttentionSettings().layers_for(chat.depth), column_factors(batch.layout, guidance), batch.layout.mask
    )


@torch.inference_mode()
def logits(chat, batch):
    return chat.model(**batch.inputs, use_cache=False).logits


def own_tokens(batch, values):
    return values[batch.layout.mask]


@pytest.mark.parametrize("mode", MODES)
def test_prefill_equals_explicit_scaling(chat, batch, stock, mode):
    scaling = scaling_of(chat, batch, mode=mode)
    with attention_scope(chat.decoder, scaling):
        guided = logits(chat, batch)
    with reference_attention(chat.decoder, mode, scaling.layers, scaling.factors, scaling.mask):
        expected = logits(chat, batch)
    torch.testing.assert_close(own_tokens(batch, guided), own_tokens(batch, expected), **TOLERANCE)
    assert (guided[0, -1] - stock[0, -1]).abs().max() > 1e-2


@pytest.mark.parametrize("mode", MODES)
def test_unguided_row_of_a_mixed_batch_is_bit_identical(chat, batch, stock, mode):
    with attention_scope(chat.decoder, scaling_of(chat, batch, mode=mode)):
        guided = logits(chat, batch)
    assert torch.equal(guided[1], stock[1])
    assert not torch.equal(guided[0], stock[0])


@pytest.mark.parametrize("mode", MODES)
def test_zero_alpha_is_bit_identical(chat, batch, stock, mode):
    with attention_scope(chat.decoder, scaling_of(chat, batch, [AttentionGuidance()] * 3, mode)):
        guided = logits(chat, batch)
    assert torch.equal(guided, stock)


@pytest.mark.parametrize("mode", MODES)
def test_cached_decoding_equals_explicit_scaling(chat, batch, mode):
    scaling = scaling_of(chat, batch, mode=mode)

    def steps():
        out = chat.model.generate(
            **batch.inputs,
            max_new_tokens=4,
            min_new_tokens=4,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
        )
        return torch.stack(out.logits)

    with torch.inference_mode(), attention_scope(chat.decoder, scaling):
        guided = steps()
    with torch.inference_mode(), reference_attention(
        chat.decoder, mode, scaling.layers, scaling.factors, scaling.mask
    ):
        expected = steps()
    torch.testing.assert_close(guided, expected, **TOLERANCE)


def test_beams_repeat_the_rows(chat, batch):
    scaling = scaling_of(chat, batch)

    def beams():
        return chat.model.generate(**batch.inputs, max_new_tokens=3, num_beams=2, do_sample=False)

    with torch.inference_mode(), attention_scope(chat.decoder, scaling):
        guided = beams()
    with torch.inference_mode(), reference_attention(
        chat.decoder, "logits", scaling.layers, scaling.factors, scaling.mask
    ):
        expected = beams()
    assert torch.equal(guided, expected)


def test_answer_attention_equals_eager(chat, batch):
    attention = AnswerAttention()
    with attention_scope(chat.decoder, observer=attention):
        logits(chat, batch)
    chat.decoder.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            eager = chat.model(**batch.inputs, use_cache=False, output_attentions=True).attentions
    finally:
        chat.decoder.set_attn_implementation("sdpa")
    eager = [weights for weights in eager if weights is not None]
    assert len(eager) == len(attention.by_layer)
    for (_, ours), theirs in zip(sorted(attention.by_layer.items()), eager, strict=True):
        torch.testing.assert_close(ours, theirs[:, :, -1].mean(dim=1), rtol=0, atol=4e-6)


def test_renormalised_weights_raise_the_visual_share(chat, batch):
    stock, guided = AnswerAttention(), AnswerAttention()
    scaling = scaling_of(chat, batch, mode="weights")
    with attention_scope(chat.decoder, observer=stock):
        logits(chat, batch)
    with attention_scope(chat.decoder, scaling, guided):
        logits(chat, batch)
    first = min(set(scaling.layers) & set(stock.by_layer))
    visual, region = batch.layout.visual, batch.layout.of_role("query")
    before = (stock.by_layer[first] * visual).sum(-1)
    after = (guided.by_layer[first] * visual).sum(-1)
    assert after[0] > before[0] and after[2] > before[2]
    torch.testing.assert_close(after[1], before[1])
    # every visual column has the same factor, so the division inside the image stays as it was up to heads' averaging
    ratio = attention_ratio(guided.by_layer[first], visual, region)
    torch.testing.assert_close(ratio[1], attention_ratio(stock.by_layer[first], visual, region)[1])


@pytest.mark.parametrize("mode", MODES)
def test_visual_mass_moves_as_measured(chat, batch, mode):
    recorder = VisualMassRecorder(batch.layout.visual)
    scaling = scaling_of(chat, batch, [AttentionGuidance(0.6)] * 3, mode)
    with attention_scope(chat.decoder, scaling, recorder):
        logits(chat, batch)
    for layer, mass in recorder.by_layer.items():
        moved = mass.guided - mass.stock
        if layer not in scaling.layers or mode == "values":
            assert torch.equal(mass.guided, mass.stock)
        elif mode == "weights":
            assert (moved > 0).all()
        else:
            assert (moved != 0).all()


def test_vision_tower_is_untouched(chat, batch):
    """Only the decoder's implementation changes, and the visual features it receives stay bit-identical."""
    embedded, inside = [], []
    vision = [
        m.config
        for m in chat.model.modules()
        if isinstance(m, PreTrainedModel) and ("vision" in m.config.model_type or m.config.model_type == "timm_wrapper")
    ]
    before = [config._attn_implementation for config in vision]
    hook = chat.decoder.register_forward_pre_hook(
        lambda _module, _args, kwargs: embedded.append(kwargs["inputs_embeds"]), with_kwargs=True
    )
    try:
        logits(chat, batch)
        with attention_scope(chat.decoder, scaling_of(chat, batch)):
            inside = [config._attn_implementation for config in vision]
            logits(chat, batch)
    finally:
        hook.remove()
    assert vision and inside == before
    assert torch.equal(embedded[0], embedded[1])


def test_an_exception_leaves_nothing_behind(chat, batch, stock):
    with pytest.raises(ZeroDivisionError), attention_scope(chat.decoder, scaling_of(chat, batch)):
        logits(chat, batch)
        raise ZeroDivisionError
    assert chat.decoder.config._attn_implementation == "sdpa"
    assert ACTIVE.get() is None
    assert torch.equal(logits(chat, batch), stock)


def test_guidance_that_never_fires_is_an_error(chat, batch):
    with pytest.raises(AttentionError, match="did not take effect"), attention_scope(
        chat.decoder, scaling_of(chat, batch)
    ):
        pass


def test_another_thread_does_not_inherit_the_scope(chat, batch):
    """ContextVar semantics: the thread runs stock attention, and the scope says that it never fired."""
    seen = []

    def ask_in_a_thread() -> None:
        thread = threading.Thread(target=lambda: seen.append(logits(chat, batch)))
        thread.start()
        thread.join()

    # Stock logits in a thread, too: what earlier work has left to the main thread alone may decide the last bits.
    ask_in_a_thread()
    with pytest.raises(AttentionError, match="same thread"), attention_scope(chat.decoder, scaling_of(chat, batch)):
        ask_in_a_thread()
    stock, inside = seen
    assert torch.equal(inside, stock)


def test_scopes_do_not_nest(chat, batch):
    scaling = scaling_of(chat, batch)
    with pytest.raises(AttentionError, match="do not nest"), attention_scope(chat.decoder, scaling):
        logits(chat, batch)
        with attention_scope(chat.decoder, scaling):
            pass
    assert chat.decoder.config._attn_implementation == "sdpa"


def test_wrong_batch_is_an_error(chat, batch):
    with pytest.raises(AttentionError, match="rows"), attention_scope(chat.decoder, scaling_of(chat, batch)):
        logits(chat, chat.encode(PROMPTS[:2]))
