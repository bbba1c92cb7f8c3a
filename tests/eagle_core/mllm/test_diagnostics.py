from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from eagle_core.attention.settings import AttentionSettings
from eagle_core.errors import ModelError
from eagle_core.mllm.diagnostics import attention_ratios, visual_mass
from eagle_core.records import AttentionGuidance
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import eagle_prompt, short_prompt

PROMPTS = [eagle_prompt(), short_prompt()]


def test_mass_moves_in_guided_layers_of_guided_prompts_only():
    chat = chat_model("qwen2_5_vl")
    settings = AttentionSettings(mode="weights")
    guided, unguided = visual_mass(chat, PROMPTS, [AttentionGuidance(0.6), AttentionGuidance()], settings)
    assert [mass.layer for mass in guided] == list(range(16))
    chosen = settings.layers_for(16)
    for mass in guided:
        if mass.layer in chosen:
            # the averaged share s of the heads rises to at most 1.6 s / (1 + 0.6 s) (concave in s: Jensen)
            assert mass.stock < mass.guided <= 1.6 * mass.stock / (1 + 0.6 * mass.stock) + 1e-5
        else:
            assert mass.guided == mass.stock
    assert all(abs(mass.guided - mass.stock) < 1e-5 for mass in unguided)


def test_observing_changes_no_answer():
    chat = chat_model("qwen2_5_vl")
    before = chat.answer(PROMPTS)
    visual_mass(chat, PROMPTS, [AttentionGuidance()] * 2, AttentionSettings())
    assert chat.answer(PROMPTS) == before


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
def test_ratios_equal_eagers_attention_over_cells_found_by_hand(family):
    """The query is 112 x 56 pixels in a grid of 2 rows and 4 columns; the defect lies in row 1, columns 2 and 3."""
    chat = chat_model(family)
    masks = [np.zeros((56, 112), bool), np.zeros((80, 80), bool)]
    masks[0][30:50, 60:90] = True
    masks[1][0, 0] = True
    ratios = attention_ratios(chat, PROMPTS, masks)
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
    for ratios in attention_ratios(chat_model("qwen2_5_vl"), PROMPTS, masks):
        assert list(ratios.values()) == pytest.approx([1.0] * 16, abs=1e-6)


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_ratios_of_every_family_equal_eagers_attention(family):
    """Tokens by the family's grid, which test_grids verifies by painting; attention by ``output_attentions``."""
    chat = chat_model(family)
    masks = [np.zeros((56, 112), bool), np.zeros((80, 80), bool)]
    masks[0][20:40, 45:70] = True
    masks[1][40:44, 40:44] = True
    ratios = attention_ratios(chat, PROMPTS, masks)
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


def test_masks_and_families_that_have_no_ratio_are_refused():
    full = [np.ones((56, 112), bool), np.zeros((80, 80), bool)]
    chat = chat_model("qwen2_5_vl")
    with pytest.raises(ModelError, match="mask of prompt 1 is empty"):
        attention_ratios(chat, PROMPTS, full)
    with pytest.raises(ModelError, match=r"mask of prompt 0 has shape \(80, 80\), its query image \(56, 112\)"):
        attention_ratios(chat, PROMPTS, full[::-1])
    chat.adapter = replace(chat.adapter, grid=None)
    with pytest.raises(ModelError, match=r"attention ratio not available for Qwen2\.5-VL"):
        attention_ratios(chat, PROMPTS, full)
    chat.adapter = replace(chat.adapter, grid=lambda _processor, _size, _images: np.zeros((3, 4)))
    with pytest.raises(ModelError, match="its grid gives 3 tokens"):
        attention_ratios(chat, PROMPTS, full)


def test_a_defect_that_a_crop_cuts_off_is_said():
    """LLaVA-1.5's processor keeps the middle of a 112 x 56 image: columns 28 to 83."""
    mask = np.zeros((56, 112), bool)
    mask[:, :20] = True
    with pytest.raises(ModelError, match=r"outside what LLaVA-1\.5's processor shows"):
        attention_ratios(chat_model("llava"), [eagle_prompt()], [mask])
