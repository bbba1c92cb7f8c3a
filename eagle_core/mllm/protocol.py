"""What Eagle needs of a multimodal LLM that chats about images. Methods know this protocol and no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from eagle_core.attention.settings import AttentionSettings
from eagle_core.records import Answer, AttentionGuidance, Prompt


class ChatModel(Protocol):
    """A multimodal LLM. Prompts of one call may be batched; an answer does not depend on its neighbours."""

    @property
    def name(self) -> str:
        """``embedded``, the local folder's path, or the hub id."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identifies weights and processing: model id, revision and a hash; part of every answer's cache key."""
        ...

    @property
    def depth(self) -> int | None:
        """Number of decoder layers; None: they cannot be reached, so attention can be neither guided nor seen."""
        ...

    def answer(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None = None,
        settings: AttentionSettings | None = None,
    ) -> list[Answer]:
        """Answer each prompt's question, in order.

        Args:
            prompts: Any number; the model batches them.
            guidance: One per prompt; None: attention is left as it is.
            settings: How guidance is applied; needed where ``guidance`` is given.

        A prompt about which the processor or the model raises has a failed answer; the others are answered.

        Raises:
            AttentionError: Guidance was asked for and this model cannot apply it exactly.
            ModelError: The model cannot be asked in the configured way, or some questions are open and others are not.
        """
        ...

    def generate(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None = None,
        settings: AttentionSettings | None = None,
        max_new_tokens: int = 64,
    ) -> list[str]:
        """Greedy continuation of each prompt, without special tokens; arguments and errors as in ``answer``."""
        ...
