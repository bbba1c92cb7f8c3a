"""InternVL, Idefics3, SmolVLM."""

from __future__ import annotations

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
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
)

from tests.tiny.base import Tiny, seeded, text_config, token_ids
from tests.tiny.templates import chatml, idefics
from tests.tiny.tokenizer import tiny_tokenizer

SIDE, PATCH, TOKENS = 56, 14, 4
"""(56 / 14) squared patches, reduced fourfold."""
VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": PATCH,
}


def internvl() -> Tiny:
    """Tiles of 56 pixels and a thumbnail, four tokens each."""
    tokenizer = tiny_tokenizer(
        "<IMG_CONTEXT>",
        context_image_token="<IMG_CONTEXT>",
        start_image_token="<img>",
        end_image_token="</img>",
        video_token="<video>",
    )
    config = InternVLConfig(
        text_config=text_config(tokenizer, model_type="qwen2"),
        vision_config=VISION,
        image_seq_length=TOKENS,
        **token_ids(tokenizer, image_token_id="<IMG_CONTEXT>"),
    )
    size = {"size": {"height": SIDE, "width": SIDE}}
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(**size, crop_to_patches=True, max_patches=4),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(**size),
        image_seq_length=TOKENS,
        chat_template=chatml("<IMG_CONTEXT>\n"),
    )
    return Tiny(seeded(lambda: InternVLForConditionalGeneration(config)), processor)


def idefics3() -> Tiny:
    """Tiles with row and column markers between them, and a global view."""
    tokenizer = tiny_tokenizer("<image>")
    config = Idefics3Config(
        text_config=text_config(tokenizer, model_type="llama"),
        vision_config=VISION,
        scale_factor=2,
        **token_ids(tokenizer, image_token_id="<image>"),
    )
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessor(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE}),
        tokenizer=tokenizer,
        image_seq_len=TOKENS,
        chat_template=idefics("<image>"),
    )
    return Tiny(seeded(lambda: Idefics3ForConditionalGeneration(config)), processor)


def smolvlm() -> Tiny:
    """Idefics3's tiles and markers; its processor spells numbers of video frames with num2words."""
    tokenizer = tiny_tokenizer("<image>", video_token="<video>")
    config = SmolVLMConfig(
        text_config=text_config(tokenizer, model_type="llama"),
        vision_config=VISION,
        scale_factor=2,
        **token_ids(tokenizer, image_token_id="<image>"),
    )
    pixels = {"size": {"longest_edge": 2 * SIDE}, "max_image_size": {"longest_edge": SIDE}}
    processor = SmolVLMProcessor(
        image_processor=SmolVLMImageProcessor(**pixels),
        tokenizer=tokenizer,
        video_processor=SmolVLMVideoProcessor(**pixels, num_frames=2, fps=1),
        image_seq_len=TOKENS,
        chat_template=idefics("<image>"),
    )
    return Tiny(seeded(lambda: SmolVLMForConditionalGeneration(config)), processor)
