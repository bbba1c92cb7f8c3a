"""Features of images seen before: the same answers as from pixels, and each image through the vision tower once."""

from __future__ import annotations

import pytest
import torch

from eagle_core.attention.settings import AttentionSettings
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.image_features import ImageFeatures
from eagle_core.records import AttentionGuidance
from tests.tiny.chat import chat_model
from tests.tiny.prompts import bare_prompt, eagle_prompt, short_prompt

PROMPTS = (eagle_prompt(), short_prompt(), bare_prompt(), eagle_prompt())
REMEMBERING = sorted(name for name, adapter in FAMILIES.items() if adapter.remembers_images)


@pytest.fixture(params=REMEMBERING)
def chat(request):
    return chat_model(request.param)


def watched(chat):
    """Numbers of images in each call of the vision tower."""
    calls = []
    whole = chat.model.model
    tower = whole.visual if hasattr(whole, "visual") else whole.vision_tower
    tower.register_forward_hook(
        lambda module, args, kwargs, output: calls.append(len(kwargs["grid_thw"] if "grid_thw" in kwargs else args[0])), with_kwargs=True
    )
    return calls


def without_memory(chat):
    chat._features = None
    return chat


def close(some, others):
    for one, other in zip(some, others, strict=True):
        assert (one.status, one.letter) == (other.status, other.letter)
        assert one.p_defect == pytest.approx(other.p_defect, abs=1e-6)


def test_some_families_remember():
    assert {"qwen2_vl", "qwen2_5_vl"} <= set(REMEMBERING)


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_answers_are_those_from_pixels(chat, alpha):
    guidance = [AttentionGuidance(alpha)] * len(PROMPTS)
    remembered = chat.answer(PROMPTS, guidance, AttentionSettings())
    again = chat.answer(PROMPTS, guidance, AttentionSettings())
    fresh = without_memory(chat_model(chat.name)).answer(PROMPTS, guidance, AttentionSettings())
    close(remembered, fresh)
    close(again, fresh)


def test_each_image_is_encoded_once(chat):
    calls = watched(chat)
    chat.answer(PROMPTS)
    batch = chat.encode(PROMPTS)
    assert sum(calls) == len(set(batch.images)) < len(batch.images)
    chat.answer(PROMPTS)
    assert sum(calls) == len(set(batch.images))


def test_features_are_those_of_the_vision_tower(chat):
    batch = chat.encode(PROMPTS)
    with torch.inference_mode():
        inputs = chat._features.in_place_of_pixels(batch)
        pixels = {name: value for name, value in batch.inputs.items() if name in ("pixel_values", "image_grid_thw")}
        expected = chat.model.get_image_features(**pixels).pooler_output
    assert "pixel_values" not in inputs
    for one, other in zip(inputs["mm_encoder_outputs"]["image"].pooler_output, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


def test_what_does_not_fit_is_computed_again(chat):
    expected = chat.answer(PROMPTS)
    chat._features = ImageFeatures(chat.model, limit_bytes=1)
    calls = watched(chat)
    close(chat.answer(PROMPTS), expected)
    close(chat.answer(PROMPTS), expected)
    assert len(calls) >= 2
