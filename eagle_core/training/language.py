"""Training of the language model on cached visual features.

The answer's tokens count in the loss, and a head that is thrown away afterwards: in the middle of the decoder every
visual token of the query must say whether a defect lies under it. Comparing with the template is learnt from that;
one letter an image teaches too little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor
from transformers.modeling_outputs import BaseModelOutputWithPooling

from eagle_core.data.scene import SceneRecord
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.inputs import render
from eagle_core.training.architecture import GRID, HIDDEN, LAYERS, MERGE
from eagle_core.training.examples import Example, draw_example, draw_variant
from eagle_core.training.images import TrainingImages
from eagle_core.training.loop import Schedule, train
from eagle_core.training.precision import fast_products
from eagle_core.training.vision import DEFECTIVE_PIXELS, visual_features

BATCH = 16
IGNORED = -100
IMAGE_PAD = "<|image_pad|>"
EXTRACTION_BATCH = 32
MIDDLE = LAYERS // 2 + 1
"""Index of the hidden state that the head on visual tokens reads."""
DENSE_WEIGHT = 1.0
DEFECTIVE_TOKEN_WEIGHT = 6.0


@dataclass(frozen=True, slots=True)
class CachedFeatures:
    """Visual tokens of every training image: name -> ``(N, GRID * GRID, HIDDEN) float16``."""

    by_name: dict[str, np.ndarray]
    defect_pixels: np.ndarray
    """``(N, GRID * GRID) int16``: defective pixels under each visual token of the defective images."""
    scenes: tuple[tuple[SceneRecord, SceneRecord], ...]


def cache_features(
    tower: nn.Module, data: TrainingImages, seed: int, progress: Callable[[int, int], None] | None = None
) -> CachedFeatures:
    """Visual tokens of templates, normal and defective images, the latter two with and without red boxes."""
    shown = data.shown | data.boxed(seed)
    cached = {name: np.empty((len(data), GRID * GRID, HIDDEN), np.float16) for name in shown}
    with torch.inference_mode():
        for start in range(0, len(data), EXTRACTION_BATCH):
            part = slice(start, min(start + EXTRACTION_BATCH, len(data)))
            for name, images in shown.items():
                cached[name][part] = visual_features(tower, images[part]).numpy()  # type: ignore[arg-type]
            if progress:
                progress(part.stop, len(data))
    return CachedFeatures(cached, data.defect_pixels.reshape(len(data), -1), data.scenes)


def train_language(
    model: Qwen2_5_VLForConditionalGeneration,
    processor: Qwen2_5_VLProcessor,
    cached: CachedFeatures,
    schedule: Schedule,
    *,
    prior_reliability: float,
    seed: int,
    checkpoint: Path,
    progress: Callable[[int, int, float], None] | None = None,
) -> None:
    """Train the decoder of ``model`` in place; its vision tower is left alone."""
    decoder = model.model.language_model
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        where = nn.Linear(HIDDEN, 1)
    ids = TokenIds(processor)

    def loss(rng: np.random.Generator, _: float) -> torch.Tensor:
        # One variant a batch: prompts of nearly equal length need little padding.
        variant = draw_variant(rng)
        examples = [draw_example(cached.scenes, variant, prior_reliability, rng) for _ in range(BATCH)]
        batch = ids.encode(examples)
        visual = [
            torch.from_numpy(cached.by_name[name][example.category]).float()
            for example in examples
            for name in example.images
        ]
        with fast_products():
            output = model.model(
                input_ids=batch.input_ids,
                attention_mask=batch.attention_mask,
                mm_token_type_ids=batch.mm_token_type_ids,
                image_grid_thw=torch.tensor([[1, GRID * MERGE, GRID * MERGE]] * len(visual)),
                mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=visual)},  # type: ignore[arg-type]
                use_cache=False,
                output_hidden_states=True,
            )
        hidden, middle = output.last_hidden_state, output.hidden_states[MIDDLE]
        found = where(_query_tokens(middle, batch.input_ids == ids.image, int(variant.template)).float())[..., 0]
        kept = int((batch.labels != IGNORED).sum(1).max())
        logits = model.lm_head(hidden[:, -kept - 1 : -1].float())
        answered = functional.cross_entropy(logits.flatten(0, 1), batch.labels[:, -kept:].flatten(), ignore_index=IGNORED)
        return answered + DENSE_WEIGHT * _dense_loss(found, cached, examples)

    train(nn.ModuleDict({"decoder": decoder, "where": where}), loss, schedule, seed=seed, checkpoint=checkpoint, progress=progress)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded on the left, so that answers end together. All ``(B, L) int64``."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    mm_token_type_ids: torch.Tensor
    """1 at visual tokens: without it positions would silently be one-dimensional."""
    labels: torch.Tensor
    """The answer's tokens; IGNORED elsewhere."""


class TokenIds:
    """Prompts and answers as token ids, rendered as at inference."""

    def __init__(self, processor: Qwen2_5_VLProcessor) -> None:
        self._processor = processor
        self._tokenizer = processor.tokenizer
        self._adapter = FAMILIES["qwen2_5_vl"]
        self.image = int(self._tokenizer.convert_tokens_to_ids(IMAGE_PAD))

    def encode(self, examples: list[Example]) -> Batch:
        """One padded batch."""
        rows = []
        for example in examples:
            text = render(example.prompt, self._processor, self._adapter).replace(IMAGE_PAD, IMAGE_PAD * GRID * GRID)
            asked = self._tokenizer(text, add_special_tokens=False)["input_ids"]
            answer = self._tokenizer(example.answer, add_special_tokens=False)["input_ids"]
            rows.append((asked, [*answer, self._tokenizer.eos_token_id]))
        length = max(len(asked) + len(answer) for asked, answer in rows)
        input_ids = torch.full((len(rows), length), self._tokenizer.pad_token_id)
        attention_mask = torch.zeros_like(input_ids)
        labels = torch.full_like(input_ids, IGNORED)
        for row, (asked, answer) in enumerate(rows):
            whole = torch.tensor(asked + answer)
            input_ids[row, -len(whole) :] = whole
            attention_mask[row, -len(whole) :] = 1
            labels[row, -len(answer) :] = torch.tensor(answer)
        return Batch(input_ids, attention_mask, (input_ids == self.image).long(), labels)


def _query_tokens(hidden: torch.Tensor, is_image: torch.Tensor, before: int) -> torch.Tensor:
    """``(B, GRID * GRID, HIDDEN)``: the states of the image that ``before`` others precede in each row."""
    tokens = GRID * GRID
    return torch.stack([row[shown][before * tokens : (before + 1) * tokens] for row, shown in zip(hidden, is_image, strict=True)])


def _dense_loss(logits: torch.Tensor, cached: CachedFeatures, examples: list[Example]) -> torch.Tensor:
    under = np.stack([cached.defect_pixels[e.category] * e.defective for e in examples])
    defective = torch.from_numpy(under > DEFECTIVE_PIXELS).float()
    counted = torch.from_numpy((under == 0) | (under > DEFECTIVE_PIXELS)).float()
    balance = counted * torch.where(defective > 0, DEFECTIVE_TOKEN_WEIGHT, 1.0)
    return functional.binary_cross_entropy_with_logits(logits, defective, balance, reduction="sum") / balance.sum()

