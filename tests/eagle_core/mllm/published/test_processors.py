"""Eagle's prompts through the published processors: what is written, and what each token of it stands for."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig

from eagle_core.guidance.prompt import ANOMALOUS_PRIOR, DEFECT_QUESTION, NORMAL_PRIOR, build_prompt
from eagle_core.mllm.inputs import EncodedPrompts, encode, render
from eagle_core.mllm.letters import letter_tokens
from eagle_core.records import TextPart
from tests.eagle_core.mllm.published.conftest import Published
from tests.tiny.prompts import bare_prompt, eagle_prompt, image, short_prompt

PROMPTS = [eagle_prompt(), short_prompt(), bare_prompt()]
TOKENS = {
    "InternVL3-8B-hf": 256,
    "Qwen2-VL-2B-Instruct-AWQ": 256,
    "Qwen2.5-VL-7B-Instruct": 256,
    "Qwen3-VL-4B-Instruct": 196,
    "SmolVLM-256M-Instruct": 1088,
    "llava-1.5-7b-hf": 576,
    "llava-onevision-qwen2-7b-ov-hf": 3699,
    "llava-v1.6-mistral-7b-hf": 2928,
}
"""Visual tokens of one image of 448 x 448 pixels, by the families' own arithmetic:
InternVL3: one tile of 448 pixels, (448 / 14 / 2)^2. Qwen2-VL and 2.5: patches of 14, merged 2 x 2, the same. Qwen3-VL:
patches of 16, (448 / 32)^2. SmolVLM: 16 tiles of 512 pixels and the whole, 64 each. LLaVA-1.5: (336 / 14)^2. LLaVA-NeXT:
2 x 2 tiles of 576, 48 newlines, and the whole. LLaVA-OneVision: 2 x 2 tiles of 27 x 27, 54 newlines, and the whole."""
ANSWER_BEGINS = {
    "InternVL3-8B-hf": "<|im_start|>assistant\n",
    "Qwen2-VL-2B-Instruct-AWQ": "<|im_start|>assistant\n",
    "Qwen2.5-VL-7B-Instruct": "<|im_start|>assistant\n",
    "Qwen3-VL-4B-Instruct": "<|im_start|>assistant\n",
    "SmolVLM-256M-Instruct": "\nAssistant:",
    "llava-1.5-7b-hf": " ASSISTANT:",
    "llava-onevision-qwen2-7b-ov-hf": "<|im_start|>assistant\n",
    "llava-v1.6-mistral-7b-hf": "[/INST]",
}


def encoded(published: Published, prompts: list) -> EncodedPrompts:  # type: ignore[type-arg]
    return encode(
        prompts,
        published.processor,
        published.adapter,
        image_token_id=published.processor.image_token_id,
        accepted={"input_ids", "attention_mask", "pixel_values"},
        device=torch.device("cpu"),
        dtype=torch.float32,
    )


def test_every_text_is_written_once_and_the_assistant_is_next(published: Published) -> None:
    for prompt in PROMPTS:
        text = render(prompt, published.processor, published.adapter)
        for part in [prompt.system, *(p.text for p in prompt.parts if isinstance(p, TextPart))]:
            assert text.count(part.strip()) == 1
        assert text.endswith(ANSWER_BEGINS[published.name])


def test_an_image_has_as_many_tokens_as_the_family_says(published: Published) -> None:
    batch = encoded(published, [build_prompt(DEFECT_QUESTION, image(3, 448, 448), templates=[])])
    assert int(batch.layout.visual.sum()) == TOKENS[published.name]
    assert batch.layout.roles == (("query",),)


def test_visual_tokens_are_the_image_tokens_and_lie_in_the_images_order(published: Published) -> None:
    batch = encoded(published, PROMPTS)
    ids, layout = batch.inputs["input_ids"], batch.layout
    assert torch.equal(layout.visual, ids == published.processor.image_token_id)
    for row, prompt in enumerate(PROMPTS):
        order = layout.image[row][layout.visual[row]]
        assert order.unique().tolist() == list(range(len(layout.roles[row])))
        assert (order.diff() >= 0).all(), "one image's tokens end before the next one's begin"
        assert layout.roles[row] == tuple(p.role for p in prompt.parts if not isinstance(p, TextPart))


def test_the_grid_places_exactly_the_images_tokens(published: Published) -> None:
    layout = encoded(published, PROMPTS).layout
    for row, prompt in enumerate(PROMPTS):
        shown = [p.image for p in prompt.parts if not isinstance(p, TextPart)]
        for index, picture in enumerate(shown):
            places = published.adapter.grid(published.processor, picture.size, len(shown))
            assert len(places) == int((layout.image[row] == index).sum())
            placed = places[~np.isnan(places).any(axis=1)]
            assert placed.min() >= 0 and (placed[:, 2:].max(axis=0) <= np.array(picture.size) + 1e-9).all()


def test_padding_is_on_the_left_and_is_no_token_of_the_prompt(published: Published) -> None:
    mask = encoded(published, PROMPTS).layout.mask
    alone = [int(encoded(published, [prompt]).layout.mask.sum()) for prompt in PROMPTS]
    assert mask.sum(dim=1).tolist() == alone
    assert mask[:, -1].all() and (mask.int().diff(dim=1) >= 0).all()


def test_the_prior_is_found_in_the_expanded_text(published: Published) -> None:
    batch = encoded(published, PROMPTS)
    tokenizer, ids = published.processor.tokenizer, batch.inputs["input_ids"]
    said = [tokenizer.decode(ids[row][batch.layout.prior[row]]).strip() for row in range(len(PROMPTS))]
    assert said == [ANOMALOUS_PRIOR.strip(), NORMAL_PRIOR.strip(), ""]


def test_five_letters_are_five_tokens_that_read_back(published: Published) -> None:
    text = render(short_prompt(), published.processor, published.adapter)
    letters = letter_tokens(published.processor.tokenizer, text, list("ABCDE"))
    assert [published.processor.tokenizer.decode([i]).strip() for i in letters.values()] == list("ABCDE")


def test_the_text_starts_with_one_first_token(published: Published) -> None:
    tokenizer = published.processor.tokenizer
    ids = encoded(published, [short_prompt()]).inputs["input_ids"][0].tolist()
    if tokenizer.bos_token_id is not None and tokenizer.bos_token in tokenizer.decode(ids):
        assert ids[0] == tokenizer.bos_token_id and ids.count(tokenizer.bos_token_id) == 1


def test_the_published_configuration_names_the_same_image_token(published: Published) -> None:
    """Where the folder has the model's own config.json: the family of our adapter, and the token that we scale."""
    file = Path(os.environ["EAGLE_PROCESSORS"], published.name, "config.json")
    if not file.exists():
        assert published.name in {"InternVL3-8B-hf", "llava-onevision-qwen2-7b-ov-hf", "llava-v1.6-mistral-7b-hf"}
        return
    config = AutoConfig.from_pretrained(file)
    assert config.model_type == json.loads(file.read_text())["model_type"] == published.adapter.model_type
    assert config.image_token_id == published.processor.image_token_id
    assert config.get_text_config().vocab_size >= len(published.processor.tokenizer)


def test_another_questions_letters_are_found_and_it_is_asked_after_the_images(published: Published) -> None:
    kinds = dataclasses.replace(
        DEFECT_QUESTION,
        question_type="defect_classification",
        text="Which kind of defect is it?",
        options=(("A", "Hole."), ("B", "Stain."), ("C", "Scratch."), ("D", "None.")),
    )
    text = render(build_prompt(kinds, image(3, 64, 64), templates=[image(4, 64, 64)]), published.processor, published.adapter)
    assert text.rindex(kinds.text) > text.rindex(published.processor.image_token)
    assert set(letter_tokens(published.processor.tokenizer, text, list("ABCD"))) == set("ABCD")
