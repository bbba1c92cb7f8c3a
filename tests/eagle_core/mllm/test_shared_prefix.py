"""Questions about the same images share one prefill and get the answers they get alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eagle_core.attention.settings import AttentionSettings
from eagle_core.guidance.prompt import build_prompt
from eagle_core.mllm.inputs import by_length
from eagle_core.mllm.shared_prefix import groups
from eagle_core.records import AttentionGuidance, Question
from tests.tiny.base import Tiny
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import eagle_prompt, image, short_prompt

TEXTS = (
    "Is there any defect in the object?",
    "What is it?",
    "Where is the defect, if the object has one at all?",
    "Is there any defect in the query image?",
    "How severe is the damage that you see?",
)
QUESTIONS = [
    Question(f"q{i}", "anomaly_detection", text, (("A", "Yes."), ("B", "No."), ("C", "Maybe."))[: 2 + i % 2])
    for i, text in enumerate(TEXTS)
]


def asked(seed: int) -> list:
    """Five questions about a template, a query and its boxed copy."""
    images = {"templates": [image(seed + 1, 56, 56)], "boxed_query": image(seed + 2, 112, 56)}
    return [build_prompt(q, image(seed, 112, 56), predicted_anomalous=True, **images) for q in QUESTIONS]


PROMPTS = [p for pair in zip(asked(0), asked(50), strict=True) for p in pair] + [short_prompt()]
GUIDANCE = [AttentionGuidance(0.6, -0.4), AttentionGuidance()] * 5 + [AttentionGuidance(0.3)]


@pytest.fixture(scope="module", params=sorted(BUILDERS))
def chat(request):
    return chat_model(request.param)


@pytest.fixture(scope="module")
def stock(chat):
    """Unguided answers."""
    return chat.answer(PROMPTS)


@pytest.fixture(scope="module")
def alone(chat):
    """Unguided answers, each asked for by itself."""
    return separately(chat)


@pytest.fixture
def forwards(chat):
    """(rows, tokens) of each forward of the decoder."""
    seen = []
    hook = chat.decoder.register_forward_pre_hook(
        lambda _m, _a, kwargs: seen.append(tuple(kwargs["inputs_embeds"].shape[:2])), with_kwargs=True
    )
    yield seen
    hook.remove()


def separately(chat, guidance=None, settings=None):
    return [
        chat.answer([prompt], None if guidance is None else [guidance[i]], settings)[0]
        for i, prompt in enumerate(PROMPTS)
    ]


def assert_same(answers, expected, within=1e-5):
    for one, other in zip(answers, expected, strict=True):
        assert one.letter == other.letter
        assert dict(one.option_log_probabilities) == pytest.approx(dict(other.option_log_probabilities), abs=1e-4)
        assert one.p_defect == pytest.approx(other.p_defect, abs=within)


def test_answers_equal_separate_asking_and_the_images_are_read_once(chat, alone, forwards):
    together = chat.answer(PROMPTS)
    assert len(forwards) == 5, "two groups of two forwards, and the prompt that shares nothing"
    prefix, rest = forwards[0], forwards[1]
    assert (prefix[0], rest[0]) == (1, 5) and prefix[1] > 4 * rest[1] > 0
    assert_same(together, alone)


@pytest.mark.parametrize("mode", ["logits", "weights", "values"])
def test_guided_answers_equal_separate_asking(chat, stock, forwards, mode):
    settings = AttentionSettings(mode=mode)
    together = chat.answer(PROMPTS, GUIDANCE, settings)
    assert len(forwards) == 5
    assert_same(together, separately(chat, GUIDANCE, settings))
    moved = [a.option_log_probabilities != b.option_log_probabilities for a, b in zip(together, stock, strict=True)]
    assert moved == [g.alpha != 0 for g in GUIDANCE]


def test_centred_guidance_is_prefilled_separately(chat, forwards):
    settings = AttentionSettings(mode="centred")
    together = chat.answer(PROMPTS, GUIDANCE, settings)
    assert sorted(rows for rows, _ in forwards) == [1, 5, 6], "only the unguided group shares its prefix"
    assert_same(together, separately(chat, GUIDANCE, settings))


def test_groups_larger_than_a_batch_are_cut(chat, alone, forwards):
    small = chat_model(chat.name, Tiny(chat.model, chat.processor), batch_size=2)
    cut = small.answer(PROMPTS[::2][:5])
    assert [rows for rows, _ in forwards] == [1, 2, 1, 2, 1]
    assert_same(cut, alone[:10:2])


def test_a_family_that_cannot_continue_a_cache_asks_separately(chat, stock, forwards):
    other = chat_model(chat.name, Tiny(chat.model, chat.processor))
    other.adapter = replace(other.adapter, shares_prefix=False)
    apart = other.answer(PROMPTS)
    assert [rows for rows, _ in forwards] == [len(PROMPTS)]
    # One padded batch against shared prefixes: LLaVA-NeXT's tiny model, with random weights, was seen to differ by 1.3e-5.
    assert_same(apart, stock, within=2e-5 if chat.name == "llava_next" else 1e-5)


def test_one_pixel_one_word_or_another_strength_separates():
    same, other_pixel, other_prior = asked(0), asked(0), asked(0)
    image_of_query = same[0].parts[3].image
    changed = image_of_query.copy()
    changed.putpixel((0, 0), (1, 2, 3))
    other_pixel[0] = replace(same[0], parts=tuple(
        replace(p, image=changed) if getattr(p, "image", None) is image_of_query else p for p in same[0].parts
    ))
    other_prior[0] = replace(same[0], system="Look.")
    assert groups(same, None, None) == [[0, 1, 2, 3, 4]]
    assert groups(other_pixel, None, None) == [[1, 2, 3, 4]]
    assert groups(other_prior, None, None) == [[1, 2, 3, 4]]
    strengths = [AttentionGuidance(a) for a in (0.6, 0.6, 0.3, 0.0, 0.0)]
    assert groups(same, strengths, AttentionSettings()) == [[0, 1], [3, 4]]
    assert groups(same, strengths, AttentionSettings(mode="centred")) == [[3, 4]]
    assert groups([same[0], eagle_prompt(7)], None, None) == []


def test_batches_hold_prompts_of_like_length(chat, forwards):
    """Long and short prompts alternate; in batches of two no short one is padded to a long one's length."""
    small = chat_model(chat.name, Tiny(chat.model, chat.processor), batch_size=2)
    mixed = [eagle_prompt(0), short_prompt(1), eagle_prompt(10), short_prompt(2)]
    alone = [chat.answer([prompt])[0] for prompt in mixed]
    lengths = [tokens for _, tokens in forwards]
    forwards.clear()
    answers = small.answer(mixed)
    assert_same(answers, alone)
    assert [rows for rows, _ in forwards] == [2, 2]
    assert [tokens for _, tokens in forwards] == [max(lengths[0], lengths[2]), max(lengths[1], lengths[3])]


def test_the_longest_prompts_come_first():
    order = by_length([short_prompt(1), eagle_prompt(0), *asked(0)])
    assert order[0] != 0 and order[-1] == 0
