"""What guidance really does to a model's attention on given prompts: the numbers to print beside alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from eagle_core.attention.mass import VisualMassRecorder
from eagle_core.attention.settings import AttentionSettings
from eagle_core.mllm.chat import TransformersChatModel
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
