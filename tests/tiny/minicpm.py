"""MiniCPM-V 4.6: a hybrid decoder with attention in every fourth layer."""

from __future__ import annotations

from transformers import (
    MiniCPMV4_6Config,
    MiniCPMV4_6ForConditionalGeneration,
    MiniCPMV4_6ImageProcessor,
    MiniCPMV4_6Processor,
    MiniCPMV4_6VideoProcessor,
)

from tests.tiny.base import Tiny, seeded, text_config, token_ids
from tests.tiny.templates import chatml
from tests.tiny.tokenizer import tiny_tokenizer

SIDE, PATCH = 112, 14


def minicpmv4_6() -> Tiny:
    """Linear attention in layers 0-2, 4-6, ...; slices of large images.

    Weights are smaller than the others': at 0.15 the recurrence makes stock SDPA and eager differ by 2e-4.
    """
    tokenizer = tiny_tokenizer(
        "<IMG_CONTEXT>",
        video_token="<|video_pad|>",
        image_start_token="<img>",
        image_end_token="</img>",
        slice_start_token="<|vision_start|>",
        slice_end_token="<|vision_end|>",
        image_id_start_token="<global-img>",
        image_id_end_token="<end_of_utterance>",
    )
    config = MiniCPMV4_6Config(
        text_config=text_config(
            tokenizer,
            model_type="qwen3_5_text",
            head_dim=16,
            initializer_range=0.06,
            linear_key_head_dim=16,
            linear_value_head_dim=16,
            linear_num_key_heads=2,
            linear_num_value_heads=2,
        ),
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": SIDE,
            "patch_size": PATCH,
        },
        insert_layer_id=0,
        image_size=SIDE,
        **token_ids(tokenizer, image_token_id="<IMG_CONTEXT>", video_token_id="<|video_pad|>"),
    )
    pixels = {"scale_resolution": SIDE, "patch_size": PATCH}
    processor = MiniCPMV4_6Processor(
        image_processor=MiniCPMV4_6ImageProcessor(max_slice_nums=2, **pixels),
        video_processor=MiniCPMV4_6VideoProcessor(**pixels),
        tokenizer=tokenizer,
        chat_template=chatml("<IMG_CONTEXT>"),
    )
    return Tiny(seeded(lambda: MiniCPMV4_6ForConditionalGeneration(config)), processor)
