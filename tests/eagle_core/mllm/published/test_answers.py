"""Whole answers of shrunken models that have the published vocabulary and image handling."""

from __future__ import annotations

import pytest
import torch

from eagle_core.attention.settings import AttentionSettings
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.letters import letter_tokens
from eagle_core.records import AttentionGuidance
from tests.tiny.prompts import bare_prompt, eagle_prompt, short_prompt

PROMPTS = [eagle_prompt(), short_prompt(), bare_prompt()]
GUIDANCE = [AttentionGuidance(0.6), AttentionGuidance(), AttentionGuidance(0.6, -0.4)]


@pytest.fixture(scope="module")
def stock(chat: TransformersChatModel) -> list:  # type: ignore[type-arg]
    return chat.answer(PROMPTS)


def test_each_prompt_is_answered_with_a_letter(stock: list) -> None:  # type: ignore[type-arg]
    assert {a.status for a in stock} == {"answered"}
    assert {a.letter for a in stock} <= {"A", "B"}
    assert len({a.p_defect for a in stock}) == len(PROMPTS)


def test_neighbours_and_padding_do_not_matter(chat: TransformersChatModel, stock: list) -> None:  # type: ignore[type-arg]
    for prompt, answer in zip(PROMPTS, stock, strict=True):
        assert chat.answer([prompt])[0].p_defect == pytest.approx(answer.p_defect, abs=1e-5)


def test_guidance_of_zero_changes_nothing_and_of_more_exactly_its_own(chat: TransformersChatModel, stock: list) -> None:  # type: ignore[type-arg]
    assert chat.answer(PROMPTS, [AttentionGuidance()] * len(PROMPTS), AttentionSettings()) == stock
    guided = chat.answer(PROMPTS, GUIDANCE, AttentionSettings())
    assert [a.p_defect != b.p_defect for a, b in zip(stock, guided, strict=True)] == [True, False, True]


def test_the_first_generated_token_has_the_same_logits(chat: TransformersChatModel, stock: list) -> None:  # type: ignore[type-arg]
    batch = chat.encode(PROMPTS[1:2])
    letters = letter_tokens(chat.processor.tokenizer, batch.rendered[0], ["A", "B"])
    with torch.inference_mode():
        [row] = chat.model.generate(
            **batch.inputs, max_new_tokens=1, do_sample=False, output_logits=True, return_dict_in_generate=True
        ).logits[0]
    p = torch.stack([row[letters["A"]], row[letters["B"]]]).softmax(0)[0].item()
    assert stock[1].p_defect == pytest.approx(p, abs=1e-4)
