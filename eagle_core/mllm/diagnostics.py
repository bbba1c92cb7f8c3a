"""What guidance really does to a model's attention on given prompts: the numbers to print beside alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from eagle_core.attention.mass import VisualMassRecorder
from eagle_core.attention.ratio import AnswerAttention, attention_ratio, region_tokens
from eagle_core.attention.settings import AttentionSettings
from eagle_core.errors import ModelError
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.inputs import EncodedPrompts
from eagle_core.records import AttentionGuidance, ImagePart, Prompt


@dataclass(frozen=True, slots=True)
class LayerMass:
    """Attention of one prompt's answer position in one layer, averaged over heads (see ``VisualMass``)."""

    layer: int
    """0-based."""
    stock: float
    """Share on visual tokens that this layer would give without being guided itself."""
    guided: float
    """Share with guidance; equal to ``stock`` in layers that are not guided and in mode ``values``."""
    mean_visual_logit: float
    """E_v[z]: its sign says which way scaling logits moves the share, at first order."""


def visual_mass(
    model: TransformersChatModel,
    prompts: Sequence[Prompt],
    guidance: Sequence[AttentionGuidance],
    settings: AttentionSettings,
) -> list[tuple[LayerMass, ...]]:
    """Per prompt, every attention layer's visual mass during one guided prefill of all prompts as one batch.

    Counted are the tokens of the images that ``settings.tokens`` selects.

    Raises:
        AttentionError: The model cannot be guided or observed.
    """
    batch = model.encode(prompts)
    recorder = VisualMassRecorder(batch.layout.of_role(settings.tokens))
    with torch.inference_mode(), model.guided(batch, guidance, settings, recorder):
        model.model(**batch.inputs, use_cache=False)
    layers = sorted(recorder.by_layer.items())
    return [
        tuple(
            LayerMass(i, m.stock[row].item(), m.guided[row].item(), m.mean_visual_logit[row].item()) for i, m in layers
        )
        for row in range(len(prompts))
    ]


def attention_ratios(
    model: TransformersChatModel,
    prompts: Sequence[Prompt],
    masks: Sequence[np.ndarray],
    guidance: Sequence[AttentionGuidance] | None = None,
    settings: AttentionSettings | None = None,
) -> list[dict[int, float]]:
    """AR(l) of each prompt: share of the answer position's attention on the query that falls on the defect.

    Paper: section 4.4, Fig. 8, which has one image; the image is the query here, not its template or boxed copy.

    Args:
        model: Its adapter must know how visual tokens lie on the image.
        prompts: Asked as one batch.
        masks: Per prompt, ``(H, W) bool`` in pixels of the query; at least one pixel is set.
        guidance: As in ``ChatModel.answer``.
        settings: As in ``ChatModel.answer``.

    Returns:
        Per prompt, the ratio by 0-based layer.

    Raises:
        ModelError: The family has no grid, a mask does not fit its image, or it touches no visual token (it is
            empty, or a processor that crops does not show the defect).
    """
    batch, attention = model.encode(prompts), AnswerAttention()
    placed, regions = zip(
        *(_query_tokens(model, batch, row, *pair) for row, pair in enumerate(zip(prompts, masks, strict=True))),
        strict=True,
    )
    query, region = torch.stack(placed), torch.stack(regions)
    with torch.inference_mode(), model.guided(batch, guidance, settings, attention):
        model.model(**batch.inputs, use_cache=False)
    ratios = {
        layer: attention_ratio(weights.cpu(), query, region).tolist() for layer, weights in attention.by_layer.items()
    }
    return [{layer: values[row] for layer, values in sorted(ratios.items())} for row in range(len(prompts))]


def _query_tokens(
    model: TransformersChatModel, batch: EncodedPrompts, row: int, prompt: Prompt, mask: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """The query's tokens that have a place in it (newlines have none), and those of them that the mask touches.

    Both ``(L,) bool``.
    """
    family = model.adapter.family
    if model.adapter.grid is None:
        raise ModelError(f"attention ratio not available for {family}: how its visual tokens lie on the image is not known")
    images = [part.image for part in prompt.parts if isinstance(part, ImagePart)]
    query = batch.layout.roles[row].index("query")
    size = images[query].size
    if mask.shape != size[::-1]:
        raise ModelError(f"the mask of prompt {row} has shape {mask.shape}, its query image {size[::-1]}")
    if not mask.any():
        raise ModelError(f"the mask of prompt {row} is empty: the attention ratio is defined for defects only")
    places = model.adapter.grid(model.processor, size, len(images))
    tokens = torch.nonzero(batch.layout.image[row] == query).flatten()
    if len(places) != len(tokens):
        raise ModelError(
            f"attention ratio not available for {family} with this processor: its grid gives {len(places)} tokens for "
            f"an image of {size[0]} x {size[1]} pixels, the prompt has {len(tokens)}"
        )
    touched = region_tokens(mask, places)
    if not touched.any():
        raise ModelError(f"the mask of prompt {row} lies outside what {family}'s processor shows of the image")
    placed, region = torch.zeros_like(batch.layout.mask[row]), torch.zeros_like(batch.layout.mask[row])
    placed[tokens] = torch.from_numpy(~np.isnan(places).any(axis=1))
    region[tokens] = torch.from_numpy(touched)
    return placed, region
