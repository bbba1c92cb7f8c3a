"""Answering with tiny random models of every family."""

from __future__ import annotations

import itertools
import logging

import pytest
import torch
from tokenizers.processors import TemplateProcessing

from eagle_core.attention.settings import AttentionSettings
from eagle_core.errors import AttentionError, ModelError
from eagle_core.guidance.prompt import ANOMALOUS_PRIOR, DEFECT_QUESTION, NORMAL_PRIOR
from eagle_core.mllm.letters import letter_tokens
from eagle_core.records import AttentionGuidance, Prompt, TextPart
from tests.tiny.base import Tiny
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import bare_prompt, eagle_prompt, short_prompt

PROMPTS = [eagle_prompt(), short_prompt(), bare_prompt(), eagle_prompt(40)]
GUIDANCE = [AttentionGuidance(0.6), AttentionGuidance(), AttentionGuidance(0.3), AttentionGuidance(0.6, -0.4)]
OFF = [AttentionGuidance()] * len(PROMPTS)


@pytest.fixture(scope="module", params=sorted(BUILDERS))
def chat(request):
    return chat_model(request.param)


def test_order_and_neighbours_do_not_matter(chat):
    together = chat.answer(PROMPTS, GUIDANCE, AttentionSettings())
    for order in itertools.islice(itertools.permutations(range(4)), 5, 24, 9):
        shuffled = chat.answer([PROMPTS[i] for i in order], [GUIDANCE[i] for i in order], AttentionSettings())
        for position, i in enumerate(order):
            assert shuffled[position].p_defect == pytest.approx(together[i].p_defect, abs=1e-5)
    for prompt, guidance, answer in zip(PROMPTS, GUIDANCE, together, strict=True):
        alone = chat.answer([prompt], [guidance], AttentionSettings())[0]
        assert alone.p_defect == pytest.approx(answer.p_defect, abs=1e-5)


def test_batch_size_does_not_matter(chat):
    tiny = Tiny(chat.model, chat.processor)
    small = chat_model(chat.name, tiny, batch_size=2)
    for one, other in zip(small.answer(PROMPTS), chat.answer(PROMPTS), strict=True):
        assert one.p_defect == pytest.approx(other.p_defect, abs=1e-5)


def test_zero_guidance_is_the_stock_answer_exactly(chat):
    assert chat.answer(PROMPTS, OFF, AttentionSettings()) == chat.answer(PROMPTS)


def test_guidance_moves_exactly_the_guided_answers(chat):
    stock, guided = chat.answer(PROMPTS), chat.answer(PROMPTS, GUIDANCE, AttentionSettings())
    moved = [a.p_defect != b.p_defect for a, b in zip(stock, guided, strict=True)]
    assert moved == [True, False, True, True]


def test_first_token_of_generation_agrees_with_the_logits(chat):
    """Reading the letter from the prefill equals generate's first step."""
    batch = chat.encode(PROMPTS[:2])
    letters = letter_tokens(chat.processor.tokenizer, batch.rendered[0], ["A", "B"])
    with torch.inference_mode():
        first = chat.model.generate(
            **batch.inputs, max_new_tokens=1, do_sample=False, output_logits=True, return_dict_in_generate=True
        ).logits[0]
    answers = chat.answer(PROMPTS[:2])
    for row, answer in zip(first, answers, strict=True):
        p = torch.stack([row[letters["A"]], row[letters["B"]]]).softmax(0)[0].item()
        assert answer.p_defect == pytest.approx(p, abs=1e-4)


def test_generation_is_guided_and_decoded(chat):
    stock = chat.generate(PROMPTS, max_new_tokens=6)
    assert chat.generate(PROMPTS, OFF, AttentionSettings(), max_new_tokens=6) == stock
    strong = [AttentionGuidance(4.0)] * len(PROMPTS)
    assert chat.generate(PROMPTS, strong, AttentionSettings(), max_new_tokens=6) != stock


def test_generated_nonsense_is_unparsed(chat):
    reading = chat_model(chat.name, Tiny(chat.model, chat.processor), answer="generate", max_new_tokens=3)
    for answer in reading.answer(PROMPTS):
        assert answer.text is not None
        assert (answer.status == "answered") == (answer.letter is not None)


def test_prior_tokens_are_found_in_the_expanded_text(chat):
    batch = chat.encode(PROMPTS)
    ids = batch.inputs["input_ids"].cpu()
    said = [chat.processor.tokenizer.decode(ids[row][batch.layout.prior[row]]).strip() for row in range(4)]
    assert said == [ANOMALOUS_PRIOR.strip(), NORMAL_PRIOR.strip(), "", ANOMALOUS_PRIOR.strip()]


def test_roles_and_visual_tokens(chat):
    layout = chat.encode(PROMPTS).layout
    assert layout.roles[0] == ("template", "query", "boxed_query")
    for role in ("template", "query", "boxed_query"):
        assert bool(layout.of_role(role)[0].any())
    split = [layout.of_role(role) for role in ("template", "query", "boxed_query")]
    assert torch.equal(torch.stack(split).sum(0).bool(), layout.visual)
    assert not bool(layout.of_role("boxed_query")[1].any())


def test_beta_alone_moves_only_prompts_with_a_prior(chat):
    stock = chat.answer(PROMPTS)
    guided = chat.answer(PROMPTS, [AttentionGuidance(0.0, -0.4)] * 4, AttentionSettings())
    assert [a.p_defect != b.p_defect for a, b in zip(stock, guided, strict=True)] == [True, True, False, True]


def test_nothing_to_scale_is_said(chat, caplog):
    with caplog.at_level(logging.WARNING, logger="eagle.mllm"):
        answers = chat.answer([short_prompt()], [AttentionGuidance(0.6)], AttentionSettings(tokens="boxed_query"))
    assert answers == chat.answer([short_prompt()])
    assert "boxed_query" in caplog.text


def test_guidance_without_settings_is_refused(chat):
    with pytest.raises(AttentionError, match="AttentionSettings"):
        chat.answer(PROMPTS, GUIDANCE)


def test_guidance_must_fit_the_prompts(chat):
    with pytest.raises(AttentionError, match="1 of 4 prompts"):
        chat.answer(PROMPTS, GUIDANCE[:1], AttentionSettings())


def test_a_prompt_without_images_is_refused(chat):
    with pytest.raises(ModelError, match="shows no image"):
        chat.answer([Prompt("", (TextPart("question", "Is it?"),), DEFECT_QUESTION)])


def test_weights_that_are_not_finite_make_the_answer_fail():
    chat = chat_model("qwen2_5_vl")
    with torch.no_grad():
        chat.decoder.layers[3].mlp.down_proj.weight.fill_(float("nan"))
    answers = chat.answer(PROMPTS[:2])
    assert {a.status for a in answers} == {"failed"}
    assert all(a.p_defect is None and "not finite" in a.error for a in answers)


def test_no_prompts_give_no_answers(chat):
    assert chat.answer([]) == []


def test_bfloat16_answers_and_leaves_unguided_rows_alone(chat):
    tiny = BUILDERS[chat.name]()
    half = chat_model(chat.name, Tiny(tiny.model.bfloat16(), tiny.processor))
    stock, guided = half.answer(PROMPTS), half.answer(PROMPTS, GUIDANCE, AttentionSettings())
    assert {a.status for a in guided} == {"answered"}
    assert guided[1] == stock[1]
    assert guided != stock


def test_a_template_that_writes_the_first_token_gets_no_second_one():
    """Llama's tokenizers put <s> before every text; some chat templates write it too."""
    chat = chat_model("llava")
    tokenizer = chat.processor.tokenizer
    tokenizer.bos_token = "<|endoftext|>"
    start = tokenizer.bos_token_id
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", start)]
    )
    assert chat.encode([short_prompt()]).inputs["input_ids"][0].tolist().count(start) == 1
    chat.processor.chat_template = "<|endoftext|>" + chat.processor.chat_template
    assert chat.encode([short_prompt()]).inputs["input_ids"][0].tolist().count(start) == 1
