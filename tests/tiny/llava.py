"""LLaVA-1.5, LLaVA-NeXT, LLaVA-OneVision."""

from __future__ import annotations

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
)

from tests.tiny.base import Tiny, seeded, text_config, token_ids
from tests.tiny.templates import chatml, mistral, vicuna
from tests.tiny.tokenizer import tiny_tokenizer

SIDE, PATCH = 42, 14
VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": PATCH,
}
PINPOINTS = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
RESIZE = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
CLIP = {**VISION, "model_type": "clip_vision_model"}


def llava() -> Tiny:
    """Nine tokens for every image, whatever its shape."""
    tokenizer = tiny_tokenizer("<image>")
    config = LlavaConfig(
        text_config=text_config(tokenizer, model_type="llama"),
        vision_config=CLIP,
        image_seq_length=9,
        **token_ids(tokenizer, image_token_index="<image>"),
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(**RESIZE),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=vicuna("<image>"),
    )
    return Tiny(seeded(lambda: LlavaForConditionalGeneration(config)), processor)


def llava_next() -> Tiny:
    """Tiles, their padding removed, and newline features; a Mistral decoder."""
    tokenizer = tiny_tokenizer("<image>")
    config = LlavaNextConfig(
        text_config=text_config(tokenizer, model_type="mistral", sliding_window=None),
        vision_config=CLIP,
        image_grid_pinpoints=PINPOINTS,
        image_seq_length=9,
        **token_ids(tokenizer, image_token_index="<image>"),
    )
    processor = LlavaNextProcessor(
        image_processor=LlavaNextImageProcessor(**RESIZE, image_grid_pinpoints=PINPOINTS),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=mistral("<image>"),
    )
    return Tiny(seeded(lambda: LlavaNextForConditionalGeneration(config)), processor)


def llava_onevision() -> Tiny:
    """Tiles for a single image, one view per image for several."""
    tokenizer = tiny_tokenizer("<image>", video_token="<video>")
    config = LlavaOnevisionConfig(
        text_config=text_config(tokenizer, model_type="qwen2"),
        vision_config={**VISION, "model_type": "siglip_vision_model", "vision_use_head": False},
        image_grid_pinpoints=PINPOINTS,
        **token_ids(tokenizer, image_token_index="<image>", video_token_index="<video>"),
    )
    size = {"size": {"height": SIDE, "width": SIDE}}
    processor = LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(**size, image_grid_pinpoints=PINPOINTS),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(**size),
        num_image_tokens=(SIDE // PATCH) ** 2,
        vision_feature_select_strategy="full",
        chat_template=chatml("<image>"),
    )
    return Tiny(seeded(lambda: LlavaOnevisionForConditionalGeneration(config)), processor)
