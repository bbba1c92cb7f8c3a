"""What guidance really does to a model's attention on given prompts: the numbers to print beside alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from eagle_core.attention.mass import VisualMassRecorder
from eagle_core.attention.ratio import AnswerAttention, attention_ratio, region_cells
from eagle_core.attention.settings import AttentionSettings
from eagle_core.errors import ModelError
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.inputs import EncodedPrompts
from eagle_core.records import AttentionGuidance, Prompt


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
        ModelError: The family has no grid, or a mask is empty.
    """
    batch, attention = model.encode(prompts), AnswerAttention()
    region = torch.stack([_query_region(model, batch, row, mask) for row, mask in enumerate(masks)])
    with torch.inference_mode(), model.guided(batch, guidance, settings, attention):
        model.model(**batch.inputs, use_cache=False)
    query = batch.layout.of_role("query")
    ratios = {
        layer: attention_ratio(weights.cpu(), query, region).tolist() for layer, weights in attention.by_layer.items()
    }
    return [{layer: values[row] for layer, values in sorted(ratios.items())} for row in range(len(prompts))]


def _query_region(model: TransformersChatModel, batch: EncodedPrompts, row: int, mask: np.ndarray) -> torch.Tensor:
    """``(L,) bool``: the query's tokens that the mask touches."""
    if model.adapter.grid is None:
        raise ModelError(f"{model.adapter.family}: how its visual tokens lie on the image is not known to Eagle yet")
    if not mask.any():
        raise ModelError(f"the mask of prompt {row} is empty: the attention ratio is defined for defects only")
    query = batch.layout.roles[row].index("query")
    image = sum(len(roles) for roles in batch.layout.roles[:row]) + query
    merge = model.processor.image_processor.merge_size
    _, height, width = batch.inputs["image_grid_thw"][image].tolist()
    region = torch.zeros_like(batch.layout.mask[row])
    region[batch.layout.image[row] == query] = region_cells(torch.from_numpy(mask), height // merge, width // merge)
    return region
