"""Prompts to model inputs: chat template, image expansion, left padding, and what each token stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from transformers import ProcessorMixin

from eagle_core.attention.visual_tokens import TokenLayout, token_layout
from eagle_core.errors import ModelError
from eagle_core.mllm.adapters.adapter import Adapter
from eagle_core.records import ImagePart, Prompt, TextPart


@dataclass(frozen=True, slots=True)
class EncodedPrompts:
    """A batch, padded on the left."""

    inputs: dict[str, Tensor]
    """What the model's forward takes, on its device."""
    layout: TokenLayout
    rendered: tuple[str, ...]
    """The chat text of each prompt before image placeholders were expanded."""
    leading: tuple[tuple[str, str], ...] = ()
    """Per prompt, the chat text up to the end of its last image: before and after placeholders were expanded. Empty
    where questions about the same images are asked one by one."""
    images: tuple[str, ...] = ()
    """Of each image of each prompt, in order, what tells it from others: size and SHA-256 of its pixels."""

    @property
    def length(self) -> int:
        """L, the padded length."""
        return self.layout.mask.shape[1]


def messages(prompt: Prompt, adapter: Adapter, image_token: str = "") -> list[dict[str, Any]]:
    """The prompt as a conversation for ``apply_chat_template``.

    Args:
        prompt: To be shown.
        adapter: Of the model's family.
        image_token: What stands for an image in a text; needed where the family's template would move images.
    """
    system = [{"type": "text", "text": prompt.system}] if prompt.system else []
    if adapter.images_first:
        written = "".join(part.text if isinstance(part, TextPart) else f"{image_token}\n" for part in prompt.parts)
        content: list[dict[str, Any]] = [{"type": "text", "text": written}]
    else:
        content = [
            {"type": "text", "text": part.text} if isinstance(part, TextPart) else {"type": "image"}
            for part in prompt.parts
        ]
    if adapter.system_role and system:
        return [{"role": "system", "content": system}, {"role": "user", "content": content}]
    if system and adapter.images_first:
        content[0]["text"] = f"{prompt.system}\n{content[0]['text']}"
    elif system:
        content.insert(0, {"type": "text", "text": prompt.system + "\n"})
    return [{"role": "user", "content": content}]


def render(prompt: Prompt, processor: ProcessorMixin, adapter: Adapter) -> str:
    """The chat text up to where the assistant's answer begins."""
    shown = messages(prompt, adapter, vars(processor)["image_token"] if adapter.images_first else "")
    return processor.apply_chat_template(shown, add_generation_prompt=True, tokenize=False)


def adds_special_tokens(processor: ProcessorMixin, rendered: str) -> bool:
    """Whether the tokenizer adds the first token: not where the chat template wrote it already."""
    start = processor.tokenizer.bos_token
    return not (start and rendered.startswith(start))


def by_length(prompts: Sequence[Prompt]) -> list[int]:
    """Indices of the prompts, the longest first, so that a batch holds prompts of like length and little padding.

    Sorted by number of images, then their pixels, then characters: visual tokens outnumber the text's and grow with
    pixels in every family (or do not depend on them). The longest come first: what does not fit shows at once.
    """

    def size(index: int) -> tuple[int, int, int]:
        images = [part.image for part in prompts[index].parts if isinstance(part, ImagePart)]
        return len(images), sum(image.width * image.height for image in images), len(prompts[index].text)

    return sorted(range(len(prompts)), key=size, reverse=True)


def shows_images(prompts: Sequence[Prompt]) -> None:
    """Check that each prompt shows an image.

    Raises:
        ModelError: One does not.
    """
    for prompt in prompts:
        if not any(isinstance(part, ImagePart) for part in prompt.parts):
            raise ModelError(f"the prompt of question {prompt.question.question_id!r} shows no image")


def encode(
    prompts: Sequence[Prompt],
    processor: ProcessorMixin,
    adapter: Adapter,
    *,
    image_token_id: int,
    accepted: Collection[str],
    device: torch.device,
    dtype: torch.dtype,
) -> EncodedPrompts:
    """Encode a batch.

    Args:
        prompts: Each shows at least one image.
        processor: Of the model.
        adapter: Of the model's family.
        image_token_id: The id that stands for one visual feature; markers around an image have others.
        accepted: Names of the arguments of the model's forward; nothing else is handed on.
        device: Where the inputs go.
        dtype: Of the pixels.

    Raises:
        ModelError: A prompt shows no image, or its prior sentence cannot be found in the chat text.
    """
    shows_images(prompts)
    rendered = tuple(render(prompt, processor, adapter) for prompt in prompts)
    images = [[part.image for part in prompt.parts if isinstance(part, ImagePart)] for prompt in prompts]
    batch = processor(
        text=list(rendered),
        images=images,
        add_special_tokens=adds_special_tokens(processor, rendered[0]),
        padding=True,
        padding_side="left",
        return_tensors="pt",
        return_offsets_mapping=True,
        return_text_replacement_offsets=True,
        return_mm_token_type_ids=True,
    )
    replacements = [[r for r in row if r["type"] == "image"] for row in batch["text_replacement_offsets"]]
    layout = token_layout(
        batch["input_ids"],
        batch["attention_mask"],
        batch["offset_mapping"],
        image_token_ids=[image_token_id],
        image_spans=[[tuple(r["new_span"]) for r in row] for row in replacements],
        prior_spans=[
            prior_span(prompt, text, row) for prompt, text, row in zip(prompts, rendered, replacements, strict=True)
        ],
        roles=[[part.role for part in prompt.parts if isinstance(part, ImagePart)] for prompt in prompts],
    )
    inputs = {
        key: value.to(device, dtype) if value.is_floating_point() else value.to(device)
        for key, value in batch.items()
        if key in accepted
    }
    leading = tuple(_leading(text, row) for text, row in zip(rendered, replacements, strict=True))
    shown = tuple(_content(image) for row in images for image in row)
    return EncodedPrompts(inputs, layout, rendered, leading, shown)


def _content(image: Image.Image) -> str:
    return f"{image.mode} {image.size} {hashlib.sha256(image.tobytes()).hexdigest()}"


def _leading(rendered: str, replacements: list[dict[str, Any]]) -> tuple[str, str]:
    end, expanded = 0, ""
    for replacement in replacements:
        start, after = replacement["span"]
        expanded += rendered[end:start] + replacement["replacement"]
        end = after
    return rendered[:end], expanded


def prior_span(prompt: Prompt, rendered: str, replacements: list[dict[str, Any]]) -> tuple[int, int] | None:
    """Characters of the verdict sentence in the expanded text: found as rendered, then moved by the expansions.

    Args:
        prompt: May have a verdict sentence; None is returned where it has none.
        rendered: Its chat text.
        replacements: What was expanded since: ``span`` in ``rendered``, ``text`` there and its ``replacement``.

    Raises:
        ModelError: The sentence does not stand exactly once in ``rendered``.
    """
    said = [part.text.strip() for part in prompt.parts if isinstance(part, TextPart) and part.role == "prior"]
    if not said:
        return None
    if len(said) > 1 or rendered.count(said[0]) != 1:
        raise ModelError(f"the prior sentence {said[0]!r} must stand exactly once in the chat text")
    start = rendered.index(said[0])
    grown = sum(len(r["replacement"]) - len(r["text"]) for r in replacements if r["span"][1] <= start)
    return start + grown, start + grown + len(said[0])
