"""Qwen2-VL, Qwen2.5-VL, Qwen3-VL."""

from __future__ import annotations

from typing import Any

from transformers import (
    PreTrainedModel,
    ProcessorMixin,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from tests.tiny.base import TEXT, Tiny, seeded, text_config, token_ids
from tests.tiny.templates import chatml
from tests.tiny.tokenizer import tiny_tokenizer

IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
PIXELS = {"min_pixels": 56 * 56, "max_pixels": 112 * 112}
ROPE = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}


def _tokens(processor: Any) -> dict[str, int]:
    return token_ids(
        processor.tokenizer,
        image_token_id="<|image_pad|>",
        video_token_id="<|video_pad|>",
        vision_start_token_id="<|vision_start|>",
        vision_end_token_id="<|vision_end|>",
    )


def _processor(processor_class: type[ProcessorMixin]) -> ProcessorMixin:
    return processor_class(
        image_processor=Qwen2VLImageProcessor(**PIXELS),
        tokenizer=tiny_tokenizer("<|image_pad|>", video_token="<|video_pad|>"),
        video_processor=Qwen2VLVideoProcessor(**PIXELS),
        chat_template=chatml(IMAGE),
    )


def qwen2_5_vl() -> Tiny:
    """Window attention in the vision tower, 3-D rotary positions."""
    processor = _processor(Qwen2_5_VLProcessor)
    return Tiny(qwen2_5_vl_model(processor), processor)


def qwen2_5_vl_model(processor: Any, **text: Any) -> PreTrainedModel:
    """For a processor of patches of 14 pixels."""
    config = Qwen2_5_VLConfig(
        text_config=text_config(processor.tokenizer, rope_parameters=ROPE, **text),
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 2,
            "out_hidden_size": TEXT["hidden_size"],
            "fullatt_block_indexes": [1],
        },
        tie_word_embeddings=True,
        **_tokens(processor),
    )
    return seeded(lambda: Qwen2_5_VLForConditionalGeneration(config))


def qwen2_vl() -> Tiny:
    """3-D rotary positions."""
    processor = _processor(Qwen2VLProcessor)
    return Tiny(qwen2_vl_model(processor), processor)


def qwen2_vl_model(processor: Any, **text: Any) -> PreTrainedModel:
    """For a processor of patches of 14 pixels."""
    config = Qwen2VLConfig(
        text_config=text_config(processor.tokenizer, rope_parameters=ROPE, **text),
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": TEXT["hidden_size"], "num_heads": 2, "mlp_ratio": 2},
        tie_word_embeddings=True,
        **_tokens(processor),
    )
    return seeded(lambda: Qwen2VLForConditionalGeneration(config))


def qwen3_vl() -> Tiny:
    """Query and key norms, visual features added again inside the decoder (deepstack)."""
    pixels = {"min_pixels": 64 * 64, "max_pixels": 128 * 128, "patch_size": 16}
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**pixels),
        tokenizer=tiny_tokenizer("<|image_pad|>", video_token="<|video_pad|>"),
        video_processor=Qwen3VLVideoProcessor(**pixels),
        chat_template=chatml(IMAGE),
    )
    return Tiny(qwen3_vl_model(processor), processor)


def qwen3_vl_model(processor: Any, **text: Any) -> PreTrainedModel:
    """For a processor of patches of 16 pixels."""
    config = Qwen3VLConfig(
        text_config=text_config(processor.tokenizer, head_dim=16, rope_parameters={**ROPE, "mrope_interleaved": True}, **text),
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 2,
            "out_hidden_size": TEXT["hidden_size"],
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0, 1],
        },
        tie_word_embeddings=True,
        **_tokens(processor),
    )
    return seeded(lambda: Qwen3VLForConditionalGeneration(config))
