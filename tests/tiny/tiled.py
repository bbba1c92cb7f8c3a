"""InternVL, Idefics3, SmolVLM."""

from __future__ import annotations

from typing import Any

from transformers import (
    GotOcr2ImageProcessor,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessor,
    Idefics3Processor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    InternVLProcessor,
    InternVLVideoProcessor,
    PreTrainedModel,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
)

from tests.tiny.base import Tiny, seeded, text_config
from tests.tiny.templates import chatml, idefics
from tests.tiny.tokenizer import tiny_tokenizer

SIDE, PATCH, TOKENS = 56, 14, 4
"""(56 / 14) squared patches, reduced fourfold."""
VISION = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}


def internvl() -> Tiny:
    """Tiles of 56 pixels and a thumbnail, four tokens each."""
    tokenizer = tiny_tokenizer(
        "<IMG_CONTEXT>",
        context_image_token="<IMG_CONTEXT>",
        start_image_token="<img>",
        end_image_token="</img>",
        video_token="<video>",
    )
    size = {"size": {"height": SIDE, "width": SIDE}}
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(**size, crop_to_patches=True, max_patches=4),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(**size),
        image_seq_length=TOKENS,
        chat_template=chatml("<IMG_CONTEXT>\n"),
    )
    return Tiny(internvl_model(processor), processor)


def internvl_model(processor: Any, **text: Any) -> PreTrainedModel:
    """Patches of 14 pixels, a Qwen2 decoder."""
    config = InternVLConfig(
        text_config=text_config(processor.tokenizer, model_type="qwen2", **text),
        vision_config={**VISION, "image_size": processor.image_processor.size.height, "patch_size": PATCH},
        image_seq_length=processor.image_seq_length,
        image_token_id=processor.image_token_id,
    )
    return seeded(lambda: InternVLForConditionalGeneration(config))


def idefics3() -> Tiny:
    """Tiles with row and column markers between them, and a global view."""
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessor(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE}),
        tokenizer=tiny_tokenizer("<image>"),
        image_seq_len=TOKENS,
        chat_template=idefics("<image>"),
    )
    return Tiny(idefics3_model(processor), processor)


def idefics3_model(processor: Any, *, patch: int = PATCH, scale_factor: int = 2, **text: Any) -> PreTrainedModel:
    """A Llama decoder; a token stands for ``scale_factor`` squared patches of ``patch`` pixels."""
    config = Idefics3Config(**_shuffled(processor, patch, scale_factor, text))
    return seeded(lambda: Idefics3ForConditionalGeneration(config))


def _shuffled(processor: Any, patch: int, scale_factor: int, text: dict[str, Any]) -> dict[str, Any]:
    side = processor.image_processor.max_image_size["longest_edge"]
    return {
        "text_config": text_config(processor.tokenizer, model_type="llama", **text),
        "vision_config": {**VISION, "image_size": side, "patch_size": patch},
        "scale_factor": scale_factor,
        "image_token_id": processor.image_token_id,
    }


def smolvlm() -> Tiny:
    """Idefics3's tiles and markers; its processor spells numbers of video frames with num2words."""
    pixels = {"size": {"longest_edge": 2 * SIDE}, "max_image_size": {"longest_edge": SIDE}}
    processor = SmolVLMProcessor(
        image_processor=SmolVLMImageProcessor(**pixels),
        tokenizer=tiny_tokenizer("<image>", video_token="<video>"),
        video_processor=SmolVLMVideoProcessor(**pixels, num_frames=2, fps=1),
        image_seq_len=TOKENS,
        chat_template=idefics("<image>"),
    )
    config = SmolVLMConfig(**_shuffled(processor, PATCH, 2, {}))
    return Tiny(seeded(lambda: SmolVLMForConditionalGeneration(config)), processor)
