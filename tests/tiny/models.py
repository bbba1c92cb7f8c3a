"""Tiny random models of real transformers classes, with real processors: one builder per family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
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
)

from tests.tiny.templates import chatml
from tests.tiny.tokenizer import tiny_tokenizer

DEPTH = 16
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "initializer_range": 0.15,
    "use_cache": True,
}
"""A large initializer range, so that attention is far from uniform and scaling it shows."""
QWEN_IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"


@dataclass(frozen=True)
class Tiny:
    """A model with its processor."""

    model: PreTrainedModel
    processor: ProcessorMixin

    def save(self, folder: Path) -> Path:
        """Write both as a checkpoint folder."""
        self.model.save_pretrained(folder)
        self.processor.save_pretrained(folder)
        return folder


def seeded(build: Callable[[], PreTrainedModel]) -> PreTrainedModel:
    """The same random weights every time, without touching the global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build().eval()


def _ids(tokenizer, **names: str) -> dict[str, int]:
    return {key: tokenizer.convert_tokens_to_ids(token) for key, token in names.items()}


def _qwen_tokens(tokenizer) -> dict[str, int]:
    return _ids(
        tokenizer,
        image_token_id="<|image_pad|>",
        video_token_id="<|video_pad|>",
        vision_start_token_id="<|vision_start|>",
        vision_end_token_id="<|vision_end|>",
    )


def _qwen_text(tokenizer) -> dict:
    return {
        **TEXT,
        **_ids(tokenizer, bos_token_id="<|endoftext|>", eos_token_id="<|im_end|>", pad_token_id="<|endoftext|>"),
        "vocab_size": len(tokenizer),
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0},
    }


def _qwen_processor(processor_class: type[ProcessorMixin], tokenizer) -> ProcessorMixin:
    pixels = {"min_pixels": 56 * 56, "max_pixels": 112 * 112}
    return processor_class(
        image_processor=Qwen2VLImageProcessor(**pixels),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**pixels),
        chat_template=chatml(QWEN_IMAGE),
    )


def _qwen_tokenizer():
    return tiny_tokenizer("<|image_pad|>", video_token="<|video_pad|>")


def qwen2_5_vl() -> Tiny:
    """Qwen2.5-VL: window attention in the vision tower, 3-D rotary positions."""
    tokenizer = _qwen_tokenizer()
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_heads": 2,
        "out_hidden_size": TEXT["hidden_size"],
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(
        text_config=_qwen_text(tokenizer), vision_config=vision, tie_word_embeddings=True, **_qwen_tokens(tokenizer)
    )
    return Tiny(
        seeded(lambda: Qwen2_5_VLForConditionalGeneration(config)), _qwen_processor(Qwen2_5_VLProcessor, tokenizer)
    )


def qwen2_vl() -> Tiny:
    """Qwen2-VL."""
    tokenizer = _qwen_tokenizer()
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": TEXT["hidden_size"], "num_heads": 2, "mlp_ratio": 2}
    config = Qwen2VLConfig(
        text_config=_qwen_text(tokenizer), vision_config=vision, tie_word_embeddings=True, **_qwen_tokens(tokenizer)
    )
    return Tiny(seeded(lambda: Qwen2VLForConditionalGeneration(config)), _qwen_processor(Qwen2VLProcessor, tokenizer))


BUILDERS: dict[str, Callable[[], Tiny]] = {"qwen2_5_vl": qwen2_5_vl, "qwen2_vl": qwen2_vl}
"""By ``model_type``."""
