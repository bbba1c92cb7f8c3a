from __future__ import annotations

from eagle_core.attention.settings import AttentionSettings
from eagle_core.mllm.visual_mass import visual_mass
from eagle_core.records import AttentionGuidance
from tests.tiny.chat import chat_model
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
