"""Captions of images and of image pairs, and their token ids around the places of visual tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from eagle_core.data.scene import SceneRecord
from eagle_core.guidance.explanation import parse_explanation
from eagle_core.guidance.prompt import template_caption
from eagle_core.training.reading.encoding import IGNORED
from eagle_core.training.reading.scenes_in_words import sentences_of

COMPARED = "Compared with the template, "
DEFECTIVE_SHARE = 2 / 3
PAIR_SHARE = 0.75
"""Of the batches; the rest show single images."""
_FORM = re.compile(r"The object is a (.+?)\. Its main color is (\w+)\. (.+)")


@dataclass(frozen=True, slots=True)
class Example:
    """One image, or one beside a template, with its caption. ``images`` names cached features in the prompt's order."""

    category: int
    defective: bool
    images: tuple[str, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a caption says; None where it is not in the form of ours."""

    object_name: str | None
    color: str | None
    says_defect: bool | None
    severity: str | None
    kind: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class EncodedCaptions:
    """Padded on the right: a causal decoder needs no mask then. All rows show their images at the same tokens."""

    input_ids: torch.Tensor
    """``(B, L) int64``."""
    labels: torch.Tensor
    """``(B, L) int64``: the caption's tokens, its end included; IGNORED elsewhere."""
    is_claim: torch.Tensor
    """``(B, L) bool``: tokens that predict what is said about a defect (the last sentence)."""
    query_at: int
    """First visual token of the query."""


def caption_of(scene: SceneRecord, *, compared: bool) -> str:
    """Object, colour, and the defect's severity, kind and place, or that there is none."""
    about, color, defect = (sentences_of(scene)[kind] for kind in ("object_classification", "object_analysis", "anomaly_detection"))
    said = COMPARED + defect[0].lower() + defect[1:] if compared else defect
    return f"{about} {color} {said}"


def claims_of(caption: str) -> Claims:
    """Read a caption."""
    found = _FORM.match(caption)
    about, color, said = found.groups() if found else (None, None, caption)
    parsed = parse_explanation(said)
    return Claims(about, color, parsed.says_defect, parsed.severity, parsed.kind, parsed.place)


def draw_examples(scenes: tuple[tuple[SceneRecord, SceneRecord], ...], rng: np.random.Generator, count: int) -> list[Example]:
    """A batch of one form. Template and normal image may change places: neither shows a defect."""
    compared = bool(rng.random() < PAIR_SHARE)
    drawn = []
    for category in rng.integers(len(scenes), size=count):
        defective = bool(rng.random() < DEFECTIVE_SHARE)
        first, second = ("template", "normal") if rng.random() < 0.5 else ("normal", "template")
        query = "defective" if defective else second
        caption = caption_of(scenes[category][int(defective)], compared=compared)
        drawn.append(Example(int(category), defective, (first, query) if compared else (query,), caption))
    return drawn


class CaptionEncoder:
    """Prompts and captions as token ids: the real prompt's captions of images, without its instruction."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, tokens: int) -> None:
        """Of ``tokens`` visual tokens an image."""
        self._tokenizer, self._tokens = tokenizer, tokens
        [self.image] = tokenizer("<|image_pad|>", add_special_tokens=False)["input_ids"]
        self.end = int(tokenizer.eos_token_id)
        self._known: dict[str, list[int]] = {}

    def prompt(self, images: int) -> list[int]:
        """Token ids up to the caption, for one image or for template and query."""
        shown = f"<|vision_start|>{'<|image_pad|>' * self._tokens}<|vision_end|>"
        template = f"{template_caption(1)}{shown}" if images == 2 else ""
        return self._ids(f"<|im_start|>user\n{template}Query image:\n{shown}<|im_end|>\n<|im_start|>assistant\n")

    def encode(self, examples: Sequence[Example]) -> EncodedCaptions:
        """One batch; all examples show the same number of images."""
        prompt = self.prompt(len(examples[0].images))
        parts = [re.match(r"(.*?\. .*?\. )(.*)", example.caption).groups() for example in examples]  # type: ignore[union-attr]
        rows = [(self._ids(about.rstrip()), [*self._ids(f" {said}"), self.end]) for about, said in parts]
        length = len(prompt) + max(len(about) + len(said) for about, said in rows)
        input_ids = torch.full((len(rows), length), int(self._tokenizer.pad_token_id))
        labels, is_claim = torch.full_like(input_ids, IGNORED), torch.zeros(input_ids.shape, dtype=torch.bool)
        for row, (about, said) in enumerate(rows):
            whole = torch.tensor([*prompt, *about, *said])
            input_ids[row, : len(whole)] = whole
            labels[row, len(prompt) : len(whole)] = whole[len(prompt) :]
            first = len(prompt) + len(about)
            is_claim[row, first - 1 : first + len(said) - 1] = True
        last_image = len(prompt) - 1 - prompt[::-1].index(self.image)
        return EncodedCaptions(input_ids, labels, is_claim, last_image - self._tokens + 1)

    def _ids(self, text: str) -> list[int]:
        if text not in self._known:
            self._known[text] = list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        return self._known[text]
