"""The embedded multimodal LLM: Qwen2.5-VL's class with a tiny configuration, and its processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from eagle_core.training.scenes.canvas import SIDE
from eagle_core.training.tokenizer import CHAT_TEMPLATE

HIDDEN = 128
"""Of the decoder, and so of a visual token."""
LAYERS = 12
VISION_HIDDEN = 192
PATCH, MERGE, WINDOW = 14, 2, 112
TOKEN_PIXELS = PATCH * MERGE
"""Side of one visual token."""
GRID = SIDE // TOKEN_PIXELS
"""Visual tokens along one side of a SIDE x SIDE image."""
MEAN, DEVIATION = 0.5, 0.25


@dataclass(frozen=True, slots=True)
class Decoder:
    """The language model's shape."""

    hidden: int
    layers: int
    inner: int
    """Width of a layer's MLP."""
    rotary: tuple[int, int, int]
    """Rotary frequencies for time, height and width; together half a head's width."""


SHIPPED = Decoder(HIDDEN, LAYERS, 320, (4, 6, 6))
READER = Decoder(160, 8, 400, (6, 7, 7))
"""Of the staged training: wider and shallower, which learns to bind letters in fewer steps."""


def build_model(
    tokenizer: PreTrainedTokenizerFast, seed: int, decoder: Decoder = SHIPPED
) -> Qwen2_5_VLForConditionalGeneration:
    """Random weights by ``seed``; the global generator is left as it was."""
    ids: Any = {name: tokenizer.convert_tokens_to_ids(token) for name, token in _SPECIAL_IDS.items()}
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": decoder.hidden,
            "num_hidden_layers": decoder.layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "intermediate_size": decoder.inner,
            "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "mrope_section": list(decoder.rotary), "rope_theta": 10000.0},
            "bos_token_id": pad,
            "eos_token_id": end,
            "pad_token_id": pad,
            "tie_word_embeddings": True,
        },
        vision_config={
            "depth": 4,
            "hidden_size": VISION_HIDDEN,
            "intermediate_size": 480,
            "num_heads": 6,
            "patch_size": PATCH,
            "spatial_merge_size": MERGE,
            "window_size": WINDOW,
            "out_hidden_size": decoder.hidden,
            "fullatt_block_indexes": [1, 3],
        },
        tie_word_embeddings=True,
        **ids,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2_5_VLForConditionalGeneration(config)
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad, bos_token_id=pad, do_sample=False)
    return model


def build_processor(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLProcessor:
    """Square images become SIDE x SIDE (GRID x GRID tokens); others keep their shape at about the same area."""
    pixels: dict[str, Any] = {
        "min_pixels": SIDE * SIDE,
        "max_pixels": SIDE * SIDE,
        "patch_size": PATCH,
        "merge_size": MERGE,
        "image_mean": [MEAN] * 3,
        "image_std": [DEVIATION] * 3,
    }
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**pixels),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**pixels),
        chat_template=CHAT_TEMPLATE,
    )


_SPECIAL_IDS = {
    "image_token_id": "<|image_pad|>",
    "video_token_id": "<|video_pad|>",
    "vision_start_token_id": "<|vision_start|>",
    "vision_end_token_id": "<|vision_end|>",
}
