"""The CLIP encoder on a tiny real ``CLIPModel``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, PreTrainedTokenizerFast

from eagle_core.errors import ModelError
from eagle_core.retrieval.clip import ClipEncoder, combined


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved CLIP model of a few thousand weights with its processor."""
    words = {w: i for i, w in enumerate(["<start>", "<end>", "<unk>", "a", "scratch", "stain", "on", "wood"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<start>", eos_token="<end>", unk_token="<unk>", pad_token="<end>",
        model_max_length=16,
    )
    text = {"vocab_size": 8, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 16, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12))
    processor = CLIPProcessor(
        image_processor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}), tokenizer=fast
    )
    target = tmp_path_factory.mktemp("clip")
    model.save_pretrained(target)
    processor.save_pretrained(target)
    return target


def test_images_and_texts_are_unit_vectors_of_one_space(folder: Path) -> None:
    encoder = ClipEncoder.load(str(folder))
    rng = np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)) for _ in range(3)]
    pictures, texts = encoder.images(images), encoder.texts(["a scratch on wood", "a stain"])
    assert (pictures.shape, texts.shape) == ((3, 12), (2, 12))
    for rows in (pictures, texts):
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.array_equal(pictures, encoder.images(images))
    assert not np.allclose(texts[0], texts[1])


def test_features_are_the_models_own(folder: Path) -> None:
    model, processor = CLIPModel.from_pretrained(folder), CLIPProcessor.from_pretrained(folder)
    image = Image.new("RGB", (32, 32), (200, 30, 30))
    with torch.inference_mode():
        out = model(**processor(images=[image], text=["a stain"], return_tensors="pt"))
    encoder = ClipEncoder.load(str(folder))
    assert np.allclose(encoder.images([image]), out.image_embeds.numpy(), atol=1e-5)
    assert np.allclose(encoder.texts(["a stain"]), out.text_embeds.numpy(), atol=1e-5)


def test_combined_lies_between(folder: Path) -> None:
    image, text = np.eye(2, dtype=np.float32)
    mixed = combined(image, text)
    assert np.allclose(mixed, np.sqrt(0.5))
    assert np.allclose(combined(image, text, image_share=1.0), image)


def test_absent_weights_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="echo.encoder") as caught:
        ClipEncoder.load(str(tmp_path / "nothing"))
    assert "\n" not in str(caught.value)
