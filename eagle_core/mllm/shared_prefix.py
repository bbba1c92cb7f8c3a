"""Questions about the same images: their common beginning is computed once, and each question continues from it.

Five questions about one image differ in the last sentence only, while nearly all tokens are visual. The common
tokens are prefilled once, their key/value cache is repeated, and the rests of the prompts are run as one batch.
The rests are padded on the *right*: no token attends to what follows it, so positions need no mask and recurrent
layers see the same states as they would alone. A cached prefix carries the guidance it was computed at, so only
prompts with the same guidance share one. Mode ``centred`` needs the whole prompt's keys at once and never shares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import ProcessorMixin

from eagle_core.attention.settings import AttentionSettings
from eagle_core.attention.visual_tokens import NO_IMAGE, TokenLayout
from eagle_core.errors import ModelError
from eagle_core.mllm.adapters.adapter import Adapter
from eagle_core.mllm.inputs import EncodedPrompts, adds_special_tokens, render
from eagle_core.records import AttentionGuidance, ImagePart, Prompt, TextPart

ALONG_TOKENS = ("input_ids", "attention_mask", "mm_token_type_ids")
"""Model inputs with one entry per token; the others describe images."""


@dataclass(frozen=True, slots=True)
class SharedPrefix:
    """G prompts with the same images, cut where their tokens begin to differ."""

    prefix: EncodedPrompts
    """The common tokens, once, with the images."""
    rest: EncodedPrompts
    """The G rests, ``input_ids`` ``(G, S) int64`` padded on the right; the layout has prefix and rest, ``(G, P + S)``."""
    last: Tensor
    """``(G,) int64``: position of each prompt's last token in its rest."""


def groups(
    prompts: Sequence[Prompt], guidance: Sequence[AttentionGuidance] | None, settings: AttentionSettings | None
) -> list[list[int]]:
    """Indices of prompts that may share a prefix, at least two each: same images and text up to the question."""
    found: dict[Hashable, list[int]] = {}
    for index, prompt in enumerate(prompts):
        strength = AttentionGuidance() if guidance is None else guidance[index]
        guided = strength.alpha != 0 or strength.beta != 0
        if guided and settings is not None and settings.mode == "centred":
            continue
        found.setdefault((_beginning(prompt), strength.alpha, strength.beta), []).append(index)
    return [indices for indices in found.values() if len(indices) > 1]


def _beginning(prompt: Prompt) -> Hashable:
    """Everything before the last part, images by content."""
    parts = prompt.parts[:-1] if prompt.parts and isinstance(prompt.parts[-1], TextPart) else prompt.parts
    return prompt.system, tuple(
        (p.role, p.image.mode, p.image.size, hashlib.sha256(p.image.tobytes()).digest())
        if isinstance(p, ImagePart)
        else (p.role, p.text)
        for p in parts
    )


def split(
    first: EncodedPrompts, prompts: Sequence[Prompt], processor: ProcessorMixin, adapter: Adapter
) -> SharedPrefix | None:
    """Cut a group's prompts into common prefix and rests. None: the tokens differ before the last image ends.

    Args:
        first: The group's first prompt, encoded alone; the others' images are not processed again.
        prompts: The group.
        processor: Of the model.
        adapter: Of the model's family.

    Raises:
        ModelError: The tokenizer reads the expanded text differently from the processor.
    """
    placeholders, expanded = first.leading[0]
    rendered = tuple(render(prompt, processor, adapter) for prompt in prompts)
    if any(not text.startswith(placeholders) for text in rendered):
        return None
    texts = [expanded + text[len(placeholders) :] for text in rendered]
    rows = processor.tokenizer(texts, add_special_tokens=adds_special_tokens(processor, rendered[0]))["input_ids"]
    ids = [torch.tensor(row) for row in rows]
    whole = first.inputs["input_ids"][0].cpu()
    if not torch.equal(ids[0], whole):
        raise ModelError(f"{adapter.family}: the tokenizer reads an expanded prompt differently from its processor")
    length = min(_common(whole, row) for row in ids)
    if length <= int(torch.nonzero(first.layout.visual[0]).max()):
        return None
    device = first.inputs["input_ids"].device
    rests = [row[length:] for row in ids]
    sizes = torch.tensor([len(rest) for rest in rests])
    padding = processor.tokenizer.pad_token_id
    padded = torch.nn.utils.rnn.pad_sequence(rests, batch_first=True, padding_value=padding)
    prefix = {k: v[:, :length] if k in ALONG_TOKENS else v for k, v in first.inputs.items()}
    return SharedPrefix(
        EncodedPrompts(prefix, _cut(first.layout, length), first.rendered, first.leading, first.images),
        EncodedPrompts({"input_ids": padded.to(device)}, _extend(first.layout, length, sizes), rendered, first.leading),
        (sizes - 1).to(device),
    )


def _common(one: Tensor, other: Tensor) -> int:
    """Number of leading tokens in common; at least one token of each is left over."""
    shortest = min(len(one), len(other)) - 1
    differ = torch.nonzero(one[:shortest] != other[:shortest])
    return int(differ[0]) if len(differ) else shortest


def _cut(layout: TokenLayout, length: int) -> TokenLayout:
    return TokenLayout(
        layout.mask[:, :length], layout.image[:, :length], layout.prior[:, :length], layout.roles
    )


def _extend(layout: TokenLayout, length: int, sizes: Tensor) -> TokenLayout:
    """The prefix's layout once per prompt, followed by text and padding."""
    count, width = len(sizes), int(sizes.max())
    own = torch.arange(width) < sizes[:, None]
    prefix = _cut(layout, length)
    mask, image, prior = (t.cpu().expand(count, -1) for t in (prefix.mask, prefix.image, prefix.prior))
    return TokenLayout(
        torch.cat([mask, own], dim=1),
        torch.cat([image, torch.full((count, width), NO_IMAGE)], dim=1),
        torch.cat([prior, torch.zeros(count, width, dtype=torch.bool)], dim=1),
        layout.roles * count,
    )
