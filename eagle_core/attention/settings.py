"""Where and how attention is guided: the part of Eq. 9 that is the same for every image of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eagle_core.config import CaasConfig
from eagle_core.errors import AttentionError

Mode = Literal["logits", "centred", "weights", "values"]
Tokens = Literal["all", "template", "query", "boxed_query"]

PAPER_DEPTH = 28
"""Decoder layers of the paper's Qwen2.5-VL-7B and InternVL3-8B, for which layers 9 to 15 are given."""
DEEPEST_UNSCALED = 36
"""MiniCPM-V 4.5, the deepest of the paper's models: up to here 9 to 15 are taken as they are."""


@dataclass(frozen=True, slots=True)
class AttentionSettings:
    """Form, layers and tokens of the guidance; alpha and beta belong to each prompt (``AttentionGuidance``)."""

    mode: Mode = "logits"
    first_layer: int = 9
    last_layer: int = 15
    """0-based, inclusive."""
    scale_layers: bool = True
    """Map the layers to the model's depth unless it has 28 to 36 layers."""
    tokens: Tokens = "all"
    """Which images' tokens alpha scales, by their role in the prompt."""

    @classmethod
    def from_config(cls, config: CaasConfig) -> AttentionSettings:
        """The settings that ``config`` describes."""
        return cls(config.mode, config.first_layer, config.last_layer, config.scale_layers, config.tokens)

    def layers_for(self, depth: int) -> tuple[int, ...]:
        """Guided layers of a decoder with ``depth`` layers, 0-based, ascending.

        Paper: 9 <= l <= 15, index base unstated. Differs: other depths get round(9 L / 28) to round(15 L / 28).

        Raises:
            AttentionError: A layer lies outside the decoder.
        """
        first, last = self.first_layer, self.last_layer
        if self.scale_layers and not PAPER_DEPTH <= depth <= DEEPEST_UNSCALED:
            first, last = (round(layer * depth / PAPER_DEPTH) for layer in (first, last))
        if not 0 <= first <= last < depth:
            raise AttentionError(
                f"caas.first_layer ({self.first_layer}) and caas.last_layer ({self.last_layer}) give layers {first} to "
                f"{last}, but the decoder has layers 0 to {depth - 1}; choose layers inside it or set caas.scale_layers: true"
            )
        return tuple(range(first, last + 1))
