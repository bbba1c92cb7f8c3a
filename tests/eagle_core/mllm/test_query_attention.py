"""AR and maps against eager attention, for every family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from eagle_core.attention.settings import AttentionSettings
from eagle_core.errors import ModelError
from eagle_core.mllm.query_attention import query_attention
from eagle_core.records import AttentionGuidance
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import eagle_prompt, short_prompt

PROMPTS = [eagle_prompt(), short_prompt()]


def attention_ratios(chat, masks):
    return [seen.ratio(mask) for seen, mask in zip(query_attention(chat, PROMPTS), masks, strict=True)]


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
def test_ratios_equal_eagers_attention_over_cells_found_by_hand(family):
    """The query is 112 x 56 pixels in a grid of 2 rows and 4 columns; the defect lies in row 1, columns 2 and 3."""
    chat = chat_model(family)
    masks = [np.zeros((56, 112), bool), np.zeros((80, 80), bool)]
    masks[0][30:50, 60:90] = True
    masks[1][0, 0] = True
    ratios = attention_ratios(chat, masks)
    batch = chat.encode(PROMPTS)
    chat.decoder.set_attn_implementation("eager")
    with torch.inference_mode():
        eager = chat.model(**batch.inputs, use_cache=False, output_attentions=True).attentions
    grid = batch.inputs["image_grid_thw"][1].tolist()
    rows, columns = grid[1] // 2, grid[2] // 2
    tokens = torch.nonzero(batch.layout.image[0] == 1).flatten()
    assert len(tokens) == rows * columns and columns == 2 * rows
    wanted = torch.stack([
        token
        for cell, token in enumerate(tokens)
        if masks[0][
            int(cell // columns * 56 / rows) : int((cell // columns + 1) * 56 / rows),
            int(cell % columns * 112 / columns) : int((cell % columns + 1) * 112 / columns),
        ].any()
    ])
    for layer, weights in enumerate(eager):
        last = weights[0, :, -1].mean(0)
        assert ratios[0][layer] == pytest.approx((last[wanted].sum() / last[tokens].sum()).item(), abs=1e-5)
        first = torch.nonzero(batch.layout.image[1] == 0).flatten()
        last = weights[1, :, -1].mean(0)
        assert ratios[1][layer] == pytest.approx((last[first[0]] / last[first].sum()).item(), abs=1e-5)


def test_a_region_of_the_whole_image_has_ratio_one():
    masks = [np.ones((56, 112), bool), np.ones((80, 80), bool)]
    for ratios in attention_ratios(chat_model("qwen2_5_vl"), masks):
        assert list(ratios.values()) == pytest.approx([1.0] * 16, abs=1e-6)


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_ratios_of_every_family_equal_eagers_attention(family):
    """Tokens by the family's grid, which test_grids verifies by painting; attention by ``output_attentions``."""
    chat = chat_model(family)
    masks = [np.zeros((56, 112), bool), np.zeros((80, 80), bool)]
    masks[0][20:40, 45:70] = True
    masks[1][40:44, 40:44] = True
    ratios = attention_ratios(chat, masks)
    batch = chat.encode(PROMPTS)
    chat.decoder.set_attn_implementation("eager")
    with torch.inference_mode():
        eager = chat.model(**batch.inputs, use_cache=False, output_attentions=True).attentions
    eager = [weights for weights in eager if weights is not None]
    for row, (query, size, count) in enumerate([(1, (112, 56), 3), (0, (80, 80), 1)]):
        tokens = torch.nonzero(batch.layout.image[row] == query).flatten()
        places = chat.adapter.grid(chat.processor, size, count)
        ys, xs = np.nonzero(masks[row])
        shown = [t for t, place in zip(tokens, places, strict=True) if not np.isnan(place).any()]
        wanted = [
            t
            for t, (x0, y0, x1, y1) in zip(tokens, places, strict=True)
            if ((xs + 1 > x0 + 1e-6) & (xs < x1 - 1e-6) & (ys + 1 > y0 + 1e-6) & (ys < y1 - 1e-6)).any()
        ]
        assert 0 < len(wanted) < len(shown)
        assert len(ratios[row]) == len(eager)
        for ratio, weights in zip(ratios[row].values(), eager, strict=True):
            last = weights[row, :, -1].mean(0)
            assert ratio == pytest.approx((last[torch.stack(wanted)].sum() / last[torch.stack(shown)].sum()).item(), abs=1e-5)


def test_masks_that_have_no_ratio_are_refused():
    seen, _ = query_attention(chat_model("qwen2_5_vl"), PROMPTS)
    with pytest.raises(ModelError, match="mask is empty"):
        seen.ratio(np.zeros((56, 112), bool))
    with pytest.raises(ModelError, match=r"mask has shape \(80, 80\), its query image \(56, 112\)"):
        seen.ratio(np.ones((80, 80), bool))


def test_families_whose_tokens_have_no_known_place_are_refused():
    chat = chat_model("qwen2_5_vl")
    known = chat.adapter
    chat.adapter = replace(known, grid=None)
    with pytest.raises(ModelError, match=r"attention ratio not available for Qwen2\.5-VL"):
        query_attention(chat, PROMPTS)
    chat.adapter = replace(known, grid=lambda _processor, _size, _images: np.zeros((3, 4)))
    with pytest.raises(ModelError, match="its grid gives 3 tokens"):
        query_attention(chat, PROMPTS)


def test_a_defect_that_a_crop_cuts_off_is_said():
    """LLaVA-1.5's processor keeps the middle of a 112 x 56 image: columns 28 to 83."""
    mask = np.zeros((56, 112), bool)
    mask[:, :20] = True
    [seen] = query_attention(chat_model("llava"), [eagle_prompt()])
    with pytest.raises(ModelError, match="outside what the model's processor shows"):
        seen.ratio(mask)


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_a_map_holds_all_attention_on_the_query_and_agrees_with_the_ratio(family):
    """Nothing is lost in painting; over pixels the defect's share differs from AR only by cells it half covers."""
    chat = chat_model(family)
    [seen] = query_attention(chat, [eagle_prompt()])
    placed = ~np.isnan(seen.places).any(axis=1)
    drawn = seen.map([3, 7])
    assert drawn.shape == (56, 112)
    wanted = np.mean([seen.weights[layer][placed].sum() for layer in (3, 7)])
    assert drawn.sum() == pytest.approx(wanted, rel=1e-4)


def test_a_map_paints_each_cell_with_its_own_weight():
    [seen] = query_attention(chat_model("qwen2_5_vl"), [eagle_prompt()])
    drawn = seen.map([5])
    for weight, (x0, y0, x1, y1) in zip(seen.weights[5], seen.places.astype(int), strict=True):
        assert drawn[y0:y1, x0:x1] == pytest.approx(weight / ((x1 - x0) * (y1 - y0)), rel=1e-5)


def test_guidance_moves_the_attention_of_the_guided_prompt_only():
    chat, settings = chat_model("qwen2_5_vl"), AttentionSettings(mode="weights")
    stock = query_attention(chat, PROMPTS)
    guided = query_attention(chat, PROMPTS, [AttentionGuidance(0.6), AttentionGuidance()], settings)
    first = settings.layers_for(16)[0]
    assert guided[0].weights[first].sum() > stock[0].weights[first].sum()
    assert guided[1].weights[first] == pytest.approx(stock[1].weights[first], abs=1e-6)
