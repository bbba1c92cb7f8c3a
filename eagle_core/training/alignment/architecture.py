"""The aligned model: FastVLM's class (a timm network, a projector, a Qwen2 decoder) around the packaged backbone, and its processor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace

import torch
from PIL import Image
from transformers import (
    CLIPImageProcessor,
    FastVlmConfig,
    FastVlmForConditionalGeneration,
    GenerationConfig,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from eagle_core.expert.lite import MEAN, STD
from eagle_core.mllm.backbone_tokens import BackboneStages, BackboneTokens, eagle_backbone_tokens
from eagle_core.training.architecture import READER, decoder_settings
from eagle_core.training.tokenizer import CHAT_TEMPLATE

SEEING_LAYERS = 2
"""Layers below those that have learnt to read: what an image shows is known to them as early as words are."""


def build_aligned_model(tokenizer: PreTrainedTokenizerFast, seed: int, shape: BackboneStages) -> FastVlmForConditionalGeneration:
    """Random projector and decoder by ``seed``, the packaged backbone in the tower; the global generator is left as it was.

    Args:
        tokenizer: Of the model.
        seed: Of projector and decoder.
        shape: Of the tower.

    Raises:
        WeightsError: The package that ships the backbone's weights is not installed.
    """
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    tokens = BackboneTokens(shape)
    [image] = tokenizer("<|image_pad|>", add_special_tokens=False)["input_ids"]
    config = FastVlmConfig(
        vision_config={
            "model_type": "timm_wrapper",
            "architecture": eagle_backbone_tokens.__name__,
            "model_args": asdict(shape) | {"stages": list(shape.stages)},
            "do_pooling": False,
            "hidden_size": tokens.width,
            "num_classes": 1,
        },
        text_config={"model_type": "qwen2"} | decoder_settings(tokenizer, replace(READER, layers=SEEING_LAYERS + READER.layers)),
        image_token_index=image,
        image_seq_length=tokens.grid**2,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FastVlmForConditionalGeneration(config)
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad, bos_token_id=pad, do_sample=False)
    tokens_of(model).fill()
    return model


def build_aligned_processor(tokenizer: PreTrainedTokenizerFast, shape: BackboneStages) -> LlavaProcessor:
    """Every image becomes a square of ``shape.side`` pixels, whatever its shape, and as many tokens."""
    return LlavaProcessor(
        image_processor=CLIPImageProcessor(
            size={"height": shape.side, "width": shape.side},
            do_center_crop=False,
            resample=Image.Resampling.BILINEAR,
            image_mean=list(MEAN),
            image_std=list(STD),
        ),
        tokenizer=tokenizer,
        patch_size=shape.token,
        chat_template=CHAT_TEMPLATE,
    )


def start_reading(model: FastVlmForConditionalGeneration, reader: Mapping[str, torch.Tensor]) -> None:
    """Give ``model`` the decoder of the language stage above layers that, as yet, change nothing: text is read as before.

    Args:
        model: Its decoder is changed in place.
        reader: Weights of the language stage's decoder.
    """
    decoder = model.model.language_model

    def above(name: str) -> str:
        return re.sub(r"^layers\.(\d+)\.", lambda found: f"layers.{int(found[1]) + SEEING_LAYERS}.", name)

    known = {above(name): value.float() for name, value in reader.items()}
    decoder.load_state_dict(decoder.state_dict() | known)
    with torch.no_grad():
        for layer in decoder.layers[:SEEING_LAYERS]:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()


def tokens_of(model: FastVlmForConditionalGeneration) -> BackboneTokens:
    """The vision tower's network."""
    network = model.model.vision_tower.timm_model
    assert isinstance(network, BackboneTokens)
    return network
