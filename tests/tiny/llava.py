"""LLaVA-1.5, LLaVA-NeXT, LLaVA-OneVision."""

from __future__ import annotations

from typing import Any

from transformers import (
    CLIPImageProcessor,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessor,
    LlavaNextProcessor,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    LlavaOnevisionImageProcessor,
    LlavaOnevisionProcessor,
    LlavaOnevisionVideoProcessor,
    LlavaProcessor,
    PreTrainedModel,
)

from tests.tiny.base import Tiny, seeded, text_config
from tests.tiny.templates import chatml, mistral, vicuna
from tests.tiny.tokenizer import tiny_tokenizer

SIDE, PATCH = 42, 14
VISION = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
PINPOINTS = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
RESIZE = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}


def llava() -> Tiny:
    """Nine tokens for every image, whatever its shape."""
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(**RESIZE),
        tokenizer=tiny_tokenizer("<image>"),
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=vicuna("<image>"),
    )
    return Tiny(llava_model(processor), processor)


def llava_model(processor: Any, **text: Any) -> PreTrainedModel:
    """A Llama decoder."""
    config = LlavaConfig(
        text_config=text_config(processor.tokenizer, model_type="llama", **text),
        vision_config=_clip(processor),
        image_seq_length=(processor.image_processor.crop_size.height // processor.patch_size) ** 2,
        image_token_index=processor.image_token_id,
    )
    return seeded(lambda: LlavaForConditionalGeneration(config))


def llava_next() -> Tiny:
    """Tiles, their padding removed, and newline features."""
    processor = LlavaNextProcessor(
        image_processor=LlavaNextImageProcessor(**RESIZE, image_grid_pinpoints=PINPOINTS),
        tokenizer=tiny_tokenizer("<image>"),
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=mistral("<image>"),
    )
    return Tiny(llava_next_model(processor), processor)


def llava_next_model(processor: Any, **text: Any) -> PreTrainedModel:
    """A Mistral decoder."""
    config = LlavaNextConfig(
        text_config=text_config(processor.tokenizer, model_type="mistral", sliding_window=None, **text),
        vision_config=_clip(processor),
        image_grid_pinpoints=processor.image_processor.image_grid_pinpoints,
        image_seq_length=(processor.image_processor.crop_size.height // processor.patch_size) ** 2,
        image_token_index=processor.image_token_id,
    )
    return seeded(lambda: LlavaNextForConditionalGeneration(config))


def _clip(processor: Any) -> dict[str, Any]:
    side = processor.image_processor.crop_size.height
    return {**VISION, "model_type": "clip_vision_model", "image_size": side, "patch_size": processor.patch_size}


def llava_onevision() -> Tiny:
    """Tiles for a single image, one view per image for several."""
    size = {"size": {"height": SIDE, "width": SIDE}}
    processor = LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(**size, image_grid_pinpoints=PINPOINTS),
        tokenizer=tiny_tokenizer("<image>", video_token="<video>"),
        video_processor=LlavaOnevisionVideoProcessor(**size),
        num_image_tokens=(SIDE // PATCH) ** 2,
        vision_feature_select_strategy="full",
        chat_template=chatml("<image>"),
    )
    return Tiny(llava_onevision_model(processor), processor)


def llava_onevision_model(processor: Any, **text: Any) -> PreTrainedModel:
    """A SigLIP tower and a Qwen2 decoder."""
    side = processor.image_processor.size.height
    config = LlavaOnevisionConfig(
        text_config=text_config(processor.tokenizer, model_type="qwen2", **text),
        vision_config={
            **VISION,
            "model_type": "siglip_vision_model",
            "image_size": side,
            "patch_size": PATCH,
            "vision_use_head": False,
        },
        image_grid_pinpoints=processor.image_processor.image_grid_pinpoints,
        image_token_index=processor.image_token_id,
        video_token_index=processor.video_token_id,
    )
    return seeded(lambda: LlavaOnevisionForConditionalGeneration(config))
