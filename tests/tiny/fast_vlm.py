"""FastVLM."""

from __future__ import annotations

from transformers import CLIPImageProcessor, FastVlmConfig, FastVlmForConditionalGeneration, LlavaProcessor

from tests.tiny.base import Tiny, seeded, text_config
from tests.tiny.templates import chatml
from tests.tiny.tokenizer import tiny_tokenizer

SIDE, STRIDE, CHANNELS = 96, 32, 96


def fast_vlm() -> Tiny:
    """Nine tokens for every image: a convolutional network of timm's, and a Qwen2 decoder."""
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(size={"height": SIDE, "width": SIDE}, do_center_crop=False),
        tokenizer=tiny_tokenizer("<image>"),
        patch_size=STRIDE,
        chat_template=chatml("<image>"),
    )
    config = FastVlmConfig(
        text_config=text_config(processor.tokenizer, model_type="qwen2"),
        vision_config={"model_type": "timm_wrapper", "architecture": "test_resnet", "do_pooling": False, "hidden_size": CHANNELS, "num_classes": 1},
        image_token_index=processor.image_token_id,
        image_seq_length=(SIDE // STRIDE) ** 2,
    )
    return Tiny(seeded(lambda: FastVlmForConditionalGeneration(config)), processor)
