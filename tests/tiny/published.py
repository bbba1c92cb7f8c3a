"""The published processors, and tiny random models that fit them: real vocabulary and image handling, no real weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from transformers import PreTrainedModel

from tests.tiny.llava import llava_model, llava_next_model, llava_onevision_model
from tests.tiny.qwen import qwen2_5_vl_model, qwen2_vl_model, qwen3_vl_model
from tests.tiny.tiled import idefics3_model, internvl_model

PUBLISHED = {
    "InternVL3-8B-hf": "internvl",
    "Qwen2-VL-2B-Instruct-AWQ": "qwen2_vl",
    "Qwen2.5-VL-7B-Instruct": "qwen2_5_vl",
    "Qwen3-VL-4B-Instruct": "qwen3_vl",
    "SmolVLM-256M-Instruct": "idefics3",
    "llava-1.5-7b-hf": "llava",
    "llava-onevision-qwen2-7b-ov-hf": "llava_onevision",
    "llava-v1.6-mistral-7b-hf": "llava_next",
}
"""Folder of EAGLE_PROCESSORS -> ``model_type``, the key of the adapters' families."""

DEPTH = 4
MODELS: dict[str, Callable[..., PreTrainedModel]] = {
    "idefics3": partial(idefics3_model, patch=16, scale_factor=4),
    "internvl": internvl_model,
    "llava": llava_model,
    "llava_next": llava_next_model,
    "llava_onevision": llava_onevision_model,
    "qwen2_5_vl": qwen2_5_vl_model,
    "qwen2_vl": qwen2_vl_model,
    "qwen3_vl": qwen3_vl_model,
}
"""``model_type`` -> builder of a random model for a given processor."""


def shrunken(model_type: str, processor: object) -> PreTrainedModel:
    """A random model of four layers with the processor's vocabulary, and room for LLaVA-NeXT's 7,000 tokens."""
    return MODELS[model_type](processor, num_hidden_layers=DEPTH, max_position_embeddings=16384)
