"""Where on the query image the answer position looks: attention ratio and maps (paper: Figs. 1, 6, 8 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from eagle_core.attention.ratio import AnswerAttention, attention_ratio, region_tokens
from eagle_core.attention.settings import AttentionSettings
from eagle_core.errors import ModelError
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.inputs import EncodedPrompts
from eagle_core.records import AttentionGuidance, ImagePart, Prompt


@dataclass(frozen=True, slots=True)
class QueryAttention:
    """What the answer position pays to each visual token of the query image, and where those tokens lie."""

    weights: dict[int, np.ndarray]
    """0-based layer to ``(N,) float32``: softmax weights averaged over heads, over the whole prompt's softmax."""
    places: np.ndarray
    """``(N, 4) float64``: x0, y0, x1, y1 in pixels of the query; NaN for tokens without a place (newlines)."""
    size: tuple[int, int]
    """(width, height) of the query."""

    def ratio(self, mask: np.ndarray) -> dict[int, float]:
        """AR(l): the share of the attention on the query that falls on the defect (paper: section 4.4).

        Args:
            mask: ``(H, W) bool`` in pixels of the query; at least one pixel is set.

        Raises:
            ModelError: The mask does not fit the query, or no visual token shows any of it (it is empty, or the
                processor crops the image).
        """
        if mask.shape != self.size[::-1]:
            raise ModelError(f"the mask has shape {mask.shape}, its query image {self.size[::-1]}")
        if not mask.any():
            raise ModelError("the mask is empty: the attention ratio is defined for defects only")
        touched = region_tokens(mask, self.places)
        if not touched.any():
            raise ModelError("the mask lies outside what the model's processor shows of the image")
        placed, region = torch.from_numpy(~np.isnan(self.places).any(axis=1)), torch.from_numpy(touched)
        return {
            layer: attention_ratio(torch.from_numpy(weights), placed, region).item()
            for layer, weights in self.weights.items()
        }

    def map(self, layers: Sequence[int]) -> np.ndarray:
        """``(H, W) float32``: attention per pixel, averaged over ``layers``; 0 where no token shows the pixel.

        Each token's weight is spread evenly over its rectangle; where views overlap they add up.
        """
        width, height = self.size
        painted = np.zeros((height, width), dtype=np.float32)
        mean = np.mean([self.weights[layer] for layer in layers], axis=0)
        for weight, place in zip(mean, self.places, strict=True):
            if np.isnan(place).any():
                continue
            x0, y0, x1, y1 = np.rint(place).astype(int)
            x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
            painted[y0:y1, x0:x1] += weight / ((x1 - x0) * (y1 - y0))
        return painted


def query_attention(
    model: TransformersChatModel,
    prompts: Sequence[Prompt],
    guidance: Sequence[AttentionGuidance] | None = None,
    settings: AttentionSettings | None = None,
) -> list[QueryAttention]:
    """The answer position's attention on each prompt's query, every layer, from one prefill of them as one batch.

    The paper's image is the query here, not its template or boxed copy.

    Args:
        model: Its adapter must know how visual tokens lie on the image.
        prompts: Asked as one batch.
        guidance: As in ``ChatModel.answer``.
        settings: As in ``ChatModel.answer``.

    Raises:
        ModelError: Where the family's visual tokens lie on the image is not known.
    """
    batch, attention = model.encode(prompts), AnswerAttention()
    tokens, places, sizes = zip(*(_query_tokens(model, batch, row, p) for row, p in enumerate(prompts)), strict=True)
    with torch.inference_mode(), model.guided(batch, guidance, settings, attention):
        model.model(**batch.inputs, use_cache=False)
    by_layer = {layer: weights.cpu() for layer, weights in sorted(attention.by_layer.items())}
    return [
        QueryAttention({layer: w[row, tokens[row]].numpy() for layer, w in by_layer.items()}, places[row], sizes[row])
        for row in range(len(prompts))
    ]


def _query_tokens(
    model: TransformersChatModel, batch: EncodedPrompts, row: int, prompt: Prompt
) -> tuple[torch.Tensor, np.ndarray, tuple[int, int]]:
    """Positions of the query's tokens ``(N,)``, their places ``(N, 4)``, and the query's size."""
    family = model.adapter.family
    if model.adapter.grid is None:
        raise ModelError(f"attention ratio not available for {family}: how its visual tokens lie on the image is not known")
    images = [part.image for part in prompt.parts if isinstance(part, ImagePart)]
    query = batch.layout.roles[row].index("query")
    size = images[query].size
    places = model.adapter.grid(model.processor, size, len(images))
    tokens = torch.nonzero(batch.layout.image[row] == query).flatten()
    if len(places) != len(tokens):
        raise ModelError(
            f"attention ratio not available for {family} with this processor: its grid gives {len(places)} tokens for "
            f"an image of {size[0]} x {size[1]} pixels, the prompt has {len(tokens)}"
        )
    return tokens, places, size
